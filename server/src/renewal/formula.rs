//! Formulas over named figures: sums, products, powers, brackets, `min`, `max` and `abs`.

use exmex::{Express, FlatEx, FloatOpsFactory, NumberMatcher};

/// A formula that has been read.
pub(super) struct Formula {
    expression: FlatEx<f64, FloatOpsFactory<f64>, NumberMatcher>,
}

impl Formula {
    /// Reads a formula.
    ///
    /// # Errors
    /// What is wrong with it, Chinese and English.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        match exmex::parse::<f64>(text) {
            Ok(expression) => Ok(Self { expression }),
            Err(error) => Err(format!(
                "公式“{text}”读不懂：{error} / the formula “{text}” cannot be read: {error}"
            )),
        }
    }

    /// The names that it takes figures by.
    pub(super) fn names(&self) -> &[String] {
        self.expression.var_names()
    }

    /// Its value; none where a figure is not known, and where there is no such number, as of
    /// a division by zero.
    pub(super) fn value(&self, figure: impl Fn(&str) -> Option<f64>) -> Option<f64> {
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
        let error = Formula::read("a / (b").err().unwrap();
        assert!(error.contains("a / (b"), "{error}");
    }
}
