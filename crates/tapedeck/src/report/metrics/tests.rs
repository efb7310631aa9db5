//! Plots.

use super::*;

#[test]
fn a_plot_shows_shares_of_the_whole() {
    assert_eq!(plot(&[0.0, 13.0, 50.0, 99.0, 100.0, 250.0]), "▁▂▅███");
    assert_eq!(plot(&[]), "");
}

#[test]
fn a_long_past_is_averaged_into_the_width() {
    let values: Vec<f64> = (0..300)
        .map(|second| if second < 150 { 0.0 } else { 100.0 })
        .collect();
    let plot = plot(&values);
    assert_eq!(plot.chars().count(), WIDTH);
    assert_eq!(plot, format!("{}{}", "▁".repeat(30), "█".repeat(30)));
}
