//! The funnel of DOMAIN 8 as a picture: each agency of a group by how often it was expected, with the group's own rate and the
//! limits within which chance keeps 95 and 99.8 of a hundred. Dots have numbers, and a list beside it has the names.

use std::fmt::Write;

use handlebars::html_escape;

use super::Rate;
use super::funnel::{FAR, NEAR, limits};

pub const HEIGHT: f64 = 260.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 44.0;
/// Points of a limit's line.
const STEPS: u32 = 60;

fn y(share: f64) -> f64 {
    TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - share)
}

/// Draws it as SVG, without a style. `centre`: of the whole group; `agencies`: each with something counted, in the order of
/// their numbers.
pub fn funnel_plot(title: &str, centre: Rate, agencies: &[Rate], width: f64) -> String {
    let most = agencies.iter().map(|rate| rate.denominator).max().unwrap_or(1).max(1);
    // A little room beside the last.
    let end = f64::from(most) * 1.1;
    let x = |of: f64| LEFT + (width - LEFT - RIGHT) * of / end;
    let middle = f64::from(centre.numerator) / f64::from(centre.denominator.max(1));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {HEIGHT}\" role=\"img\" \
         aria-labelledby=\"funnel-title funnel-description\" font-family=\"Arial, sans-serif\" font-size=\"14\" fill=\"#0b0c0c\">\
         <title id=\"funnel-title\">{}</title>\
         <desc id=\"funnel-description\">A dot for each agency, with its number: the further right, the more often it was expected; the higher, the more often it was represented. Hollow where it was expected fewer than 20 times. A dashed line is the group's own rate, dotted lines are the 95% and the 99.8% limits of chance.</desc>",
        html_escape(title)
    );
    for share in [0.0, 0.5, 1.0] {
        let at = y(share);
        let _ = write!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{:.0}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#b1b4b6\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{:.0}%</text>",
            width - RIGHT,
            LEFT - 6.0,
            at + 5.0,
            share * 100.0
        );
    }
    for (of, anchor) in [(0, "start"), (most, "end")] {
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.0}\" text-anchor=\"{anchor}\">{of}</text>",
            x(f64::from(of)),
            HEIGHT - BOTTOM + 18.0
        );
    }
    let _ = write!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.0}\" text-anchor=\"middle\">times expected in twelve months</text>\
         <line x1=\"{LEFT}\" x2=\"{:.0}\" y1=\"{:.1}\" y2=\"{:.1}\" stroke=\"#505a5f\" stroke-dasharray=\"8 4\"/>",
        (LEFT + width - RIGHT) / 2.0,
        HEIGHT - 6.0,
        width - RIGHT,
        y(middle),
        y(middle)
    );
    for sigmas in [NEAR, FAR] {
        for is_upper in [false, true] {
            let mut points = String::new();
            for step in 1..=STEPS {
                let of = end * f64::from(step) / f64::from(STEPS);
                let (low, high) = limits(middle, of, sigmas);
                let _ = write!(points, "{:.1},{:.1} ", x(of), y(if is_upper { high } else { low }));
            }
            let _ = write!(
                svg,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"#505a5f\" stroke-dasharray=\"2 3\"/>",
                points.trim_end()
            );
        }
    }
    for (n, rate) in agencies.iter().enumerate().filter(|(_, rate)| rate.denominator > 0) {
        let (across, share) =
            (x(f64::from(rate.denominator)), f64::from(rate.numerator) / f64::from(rate.denominator));
        let fill = if rate.is_small() { "#ffffff" } else { "#1d70b8" };
        let _ = write!(
            svg,
            "<circle cx=\"{across:.1}\" cy=\"{:.1}\" r=\"5\" fill=\"{fill}\" stroke=\"#1d70b8\" stroke-width=\"2\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            y(share),
            across - 9.0,
            y(share) + 5.0,
            n + 1
        );
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_lies_where_its_rate_and_its_number_put_it_and_of_few_it_is_hollow() {
        let svg =
            funnel_plot("Health < others", Rate::of(60, 110), &[Rate::of(50, 100), Rate::of(10, 10)], 640.0);
        // Half of the height between the lines of 0 and 100%, at 100 of 110 of the width.
        let right = LEFT + (640.0 - LEFT - RIGHT) / 1.1;
        assert!(
            svg.contains(&format!("<circle cx=\"{right:.1}\" cy=\"{:.1}\" r=\"5\" fill=\"#1d70b8\"", y(0.5))),
            "{svg}"
        );
        assert_eq!(svg.matches("fill=\"#ffffff\" stroke").count(), 1);
        assert_eq!(svg.matches("<polyline").count(), 4);
        assert!(svg.contains("Health &lt; others") && !svg.contains("style="));
    }
}
