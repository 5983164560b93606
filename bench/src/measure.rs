//! Rounds that all engines take in turn, so that what slows the machine slows them alike.

use cpu_time::ThreadTime;

/// One engine's way of doing the work.
pub struct Engine<'a> {
    pub name: &'static str,
    /// How many times the work is done in a round, so that quick ones are seen at all.
    pub times: usize,
    /// Does the work once; returns how many questions it answered.
    pub work: Box<dyn FnMut() -> usize + 'a>,
}

/// What an engine took: nanoseconds a question, round by round.
pub struct Taken {
    pub name: &'static str,
    pub rounds: Vec<f64>,
}

/// Lets the engines do their work in turn. The first round warms up and does not count.
pub fn measure(rounds: usize, mut engines: Vec<Engine<'_>>) -> Vec<Taken> {
    let mut taken: Vec<Taken> = (engines.iter())
        .map(|engine| Taken {
            name: engine.name,
            rounds: Vec::new(),
        })
        .collect();
    for round in 0..=rounds {
        for (engine, taken) in engines.iter_mut().zip(&mut taken) {
            let began = ThreadTime::now();
            let asked: usize = (0..engine.times).map(|_| (engine.work)()).sum();
            let nanoseconds = began.elapsed().as_nanos() as f64 / asked.max(1) as f64;
            if round > 0 {
                taken.rounds.push(nanoseconds);
            }
        }
    }
    taken
}

/// The middle of some numbers.
pub fn median(numbers: &[f64]) -> f64 {
    quantile(numbers, 0.5)
}

/// The number that a share of some numbers is not above.
pub fn quantile(numbers: &[f64], share: f64) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = ((sorted.len() as f64 - 1.0) * share).round() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

/// Prints each engine beside the first: medians, and how far the ratios spread over rounds.
pub fn print(title: &str, taken: &[Taken]) {
    println!("\n{title}");
    println!(
        "  {:44} {:>12} {:>9}   {}",
        "", "each", "ratio", "least to most of the rounds"
    );
    for engine in taken {
        let ratios: Vec<f64> = (taken[0].rounds.iter().zip(&engine.rounds))
            .map(|(base, own)| base / own)
            .collect();
        println!(
            "  {:44} {:>12} {:>8.1}×   {:.1} to {:.1}",
            engine.name,
            span(median(&engine.rounds)),
            median(&ratios),
            quantile(&ratios, 0.0),
            quantile(&ratios, 1.0),
        );
    }
}

/// Nanoseconds as people read them.
pub fn span(nanoseconds: f64) -> String {
    match nanoseconds {
        n if n < 10_000.0 => format!("{n:.1} ns"),
        n if n < 1e7 => format!("{:.1} µs", n / 1e3),
        n => format!("{:.1} ms", n / 1e6),
    }
}
