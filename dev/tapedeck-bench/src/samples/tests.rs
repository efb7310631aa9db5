//! Quantiles of few values.

use super::Samples;

fn of(values: &[f64]) -> Samples {
    let mut samples = Samples::new("some");
    values.iter().for_each(|value| samples.add(*value));
    samples
}

#[test]
fn an_even_number_of_values_has_its_median_between_two() {
    let samples = of(&[4.0, 1.0, 3.0, 2.0]);
    assert_eq!((samples.min(), samples.median(), samples.max()), (1.0, 2.5, 4.0));
}

#[test]
fn one_value_is_all_of_them() {
    let samples = of(&[7.0]);
    assert_eq!((samples.min(), samples.median(), samples.max()), (7.0, 7.0, 7.0));
}

#[test]
fn no_value_is_no_number() {
    assert!(of(&[]).median().is_nan());
}
