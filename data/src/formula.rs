//! Formulas over named figures: sums, products, powers, brackets, `min`, `max` and `abs`.

use exmex::{Express, FlatEx, FloatOpsFactory, NumberMatcher};

/// A formula that has been read.
#[derive(Clone, Debug)]
pub struct Formula {
    expression: FlatEx<f64, FloatOpsFactory<f64>, NumberMatcher>,
}

impl Formula {
    /// Reads a formula.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let expression = exmex::parse::<f64>(text).map_err(|error| error.to_string())?;
        Ok(Self { expression })
    }

    /// The names that it takes figures by.
    pub fn names(&self) -> &[String] {
        self.expression.var_names()
    }

    /// Its value; none where a figure is not known, and where there is no such number, as of
    /// a division by zero.
    pub fn value(&self, figure: impl Fn(&str) -> Option<f64>) -> Option<f64> {
        let figures: Option<Vec<f64>> = self.names().iter().map(|name| figure(name)).collect();
        let value = self.expression.eval(&figures?).ok()?;
        value.is_finite().then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<f64> {
        Formula::read(text).unwrap().value(|name| match name {
            "a" => Some(6.0),
            "b" => Some(4.0),
            "永久基本农田_m2" => Some(12.5),
            "nothing" => Some(0.0),
            _ => None,
        })
    }

    #[test]
    fn formulas_reckon_as_people_do() {
        assert_eq!(value("a / b"), Some(1.5));
        assert_eq!(value("a - b - 1"), Some(1.0));
        assert_eq!(value("a + b * 2 ^ 2"), Some(22.0));
        assert_eq!(value("min(a / b, 1)"), Some(1.0));
        assert_eq!(value("100 * {永久基本农田_m2} / (a + b)"), Some(125.0));
    }

    #[test]
    fn what_is_no_number_is_nothing() {
        assert_eq!(value("a / nothing"), None);
        assert_eq!(value("min(a / unknown, 1)"), None);
        for wrong in ["a / (b", "a b", "", "min("] {
            assert!(Formula::read(wrong).is_err(), "{wrong}");
        }
    }
}
