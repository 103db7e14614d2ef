//! A rate month by month as a picture: a dot for each month, its interval as a line, the average across, and from twelve
//! months on the limits within which chance moves it. It is drawn beside a table that says the same, and colour says nothing
//! alone: of too few a dot is hollow.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::spc::{Chart, chart};
use super::{Month, Rate};

/// How wide a picture is on a page; its letters have 14 of these.
pub const ON_A_PAGE: f64 = 640.0;
/// How wide in print, where it is shown smaller and its letters are not.
pub const IN_PRINT: f64 = 320.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 28.0;
/// How much of the width the name of a month takes.
const NAME: f64 = 41.0;

/// The p-chart of a series; `None` where nothing was counted.
pub fn chart_of(months: &[(Month, Rate)]) -> Option<Chart> {
    let series: Vec<_> = months.iter().map(|(_, rate)| (rate.numerator, rate.denominator)).collect();
    chart(&series)
}

fn y(percent: f64) -> f64 {
    TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - percent / 100.0)
}

/// A picture as an address that a page can show.
pub fn data_url(svg: &str) -> String {
    format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg))
}

/// Draws it as SVG, without a style: title and description are of our own words, and hold nothing to be escaped. `raised`: the
/// month in which an action was raised, which a line marks.
pub fn trend(title: &str, months: &[(Month, Rate)], raised: Option<Month>, width: f64) -> String {
    let step = (width - LEFT - RIGHT) / months.len().max(1) as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {HEIGHT}\" role=\"img\" \
         aria-labelledby=\"trend-title trend-description\" font-family=\"Arial, sans-serif\" font-size=\"14\" fill=\"#0b0c0c\">\
         <title id=\"trend-title\">{title}</title>\
         <desc id=\"trend-description\">A dot for each month with its 95% interval as a line; a hollow dot where there are fewer than 20. A dashed line is the average, steps of dots the limits of chance. The table below says the same.</desc>"
    );
    for percent in [0.0, 50.0, 100.0] {
        let at = y(percent);
        let _ = write!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{:.0}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#b1b4b6\"/>\
             <text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{percent:.0}%</text>",
            width - RIGHT,
            LEFT - 6.0,
            at + 5.0
        );
    }
    if let Some(chart) = chart_of(months) {
        let (at, right) = (y(chart.centre * 100.0), width - RIGHT);
        let _ = write!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{right:.0}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#505a5f\" stroke-dasharray=\"8 4\"/>"
        );
        for (place, low, high) in chart.points.iter().filter_map(|p| p.limits.map(|(l, h)| (p.place, l, h))) {
            let x = LEFT + step * place as f64;
            for limit in [low, high] {
                let at = y(limit * 100.0);
                let _ = write!(
                    svg,
                    "<line x1=\"{x:.1}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#505a5f\" stroke-dasharray=\"2 3\"/>",
                    x + step
                );
            }
        }
    }
    let named = ((width - LEFT - RIGHT) / NAME) as usize;
    for (n, (month, rate)) in months.iter().enumerate() {
        let x = LEFT + step * (n as f64 + 0.5);
        let name = month.name();
        let short = name.get(..3).unwrap_or_default();
        if raised == Some(*month) {
            let _ = write!(
                svg,
                "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{:.0}\" stroke=\"#0b0c0c\" stroke-width=\"2\" stroke-dasharray=\"1 3\"/>\
                 <text x=\"{:.1}\" y=\"{:.0}\" text-anchor=\"end\">raised</text>",
                HEIGHT - BOTTOM,
                x - 4.0,
                HEIGHT - BOTTOM - 4.0
            );
        }
        // So many months have room for their names; of more, every second or third, and the newest.
        if (months.len() - 1 - n).is_multiple_of(months.len().div_ceil(named)) {
            let _ = write!(
                svg,
                "<text x=\"{x:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{short}</text>",
                HEIGHT - 8.0
            );
        }
        let (Some(percent), Some((low, high))) = (rate.percent, rate.interval) else { continue };
        let (percent, low, high) = (percent.as_percent(), low.as_percent(), high.as_percent());
        let fill = if rate.is_small() { "#ffffff" } else { "#1d70b8" };
        let _ = write!(
            svg,
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{:.1}\" stroke=\"#1d70b8\" stroke-width=\"2\"/>\
             <circle cx=\"{x:.1}\" cy=\"{:.1}\" r=\"5\" fill=\"{fill}\" stroke=\"#1d70b8\" stroke-width=\"2\"/>",
            y(high),
            y(low),
            y(percent)
        );
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_of_nothing_has_no_dot_and_one_of_few_a_hollow_one() {
        let month = |text: &str| text.parse::<Month>().unwrap();
        let svg = trend(
            "Represented",
            &[
                (month("2026-07"), Rate::of(0, 0)),
                (month("2026-08"), Rate::of(3, 4)),
                (month("2026-09"), Rate::of(34, 40)),
            ],
            Some(month("2026-08")),
            ON_A_PAGE,
        );
        assert!(svg.contains(">raised<"));
        assert_eq!(svg.matches("<circle").count(), 2);
        assert!(svg.contains("fill=\"#ffffff\" stroke") && svg.contains("fill=\"#1d70b8\" stroke"));
        assert!(svg.contains(">Jul<") && svg.contains("role=\"img\"") && !svg.contains("style="));
    }
}
