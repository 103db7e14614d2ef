//! What came of the invitations of each part, as bars of one length: a letter stands in each piece, so that colour says nothing
//! alone. It is drawn beside a table that says the same; of fewer than twenty there are no shares, and no bar.

use std::fmt::Write;

use handlebars::html_escape;

use super::paper::Breakdown;

/// Of fewer there is no bar.
const AT_LEAST: usize = 20;
/// Each standing: its letter, its words, the colour of its piece and of the letter in it.
const STANDINGS: [(char, &str, &str, &str); 6] = [
    ('A', "attended", "#003078", "#ffffff"),
    ('D', "deputy", "#1d70b8", "#ffffff"),
    ('R', "report only", "#bbd4ea", "#0b0c0c"),
    ('L', "left or late", "#f3f2f1", "#0b0c0c"),
    ('P', "apologies", "#f4a77e", "#0b0c0c"),
    ('S', "silent", "#6f1a07", "#ffffff"),
];
const LINE: f64 = 20.0;
const ROW: f64 = 50.0;
/// How wide a letter is, and a piece that has room for one.
const LETTER: f64 = 16.0;
/// Of the key's entries so many stand in a line on a page; in print, which is narrower, half of them.
const KEY: f64 = 106.0;

fn standings(part: &Breakdown) -> [usize; 6] {
    [part.attended, part.deputised, part.contributed, part.left_before_decision, part.apologies, part.silent]
}

fn in_a_line(width: f64) -> usize {
    ((width / KEY) as usize).clamp(1, STANDINGS.len())
}

/// How high the picture of so many parts is.
pub fn height(parts: usize, width: f64) -> f64 {
    LINE * STANDINGS.len().div_ceil(in_a_line(width)) as f64 + ROW * parts as f64
}

fn piece(svg: &mut String, x: f64, y: f64, wide: f64, n: usize) {
    let (letter, _, fill, ink) = STANDINGS[n];
    let _ = write!(
        svg,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"18\" fill=\"{fill}\" stroke=\"#0b0c0c\" stroke-width=\"0.5\"/>"
    );
    if wide >= LETTER {
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"{ink}\">{letter}</text>",
            x + wide / 2.0,
            y + 14.0
        );
    }
}

/// Draws it as SVG, without a style: each part under its name, in the order given.
pub fn bars(title: &str, parts: &[(String, &Breakdown)], width: f64) -> String {
    let whole = height(parts.len(), width);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {whole:.0}\" role=\"img\" \
         aria-labelledby=\"bars-title bars-description\" font-family=\"Arial, sans-serif\" font-size=\"14\" fill=\"#0b0c0c\">\
         <title id=\"bars-title\">{}</title>\
         <desc id=\"bars-description\">A bar for each part, from those who attended to those who were silent. The table beside it says the same.</desc>",
        html_escape(title)
    );
    let a_line = in_a_line(width);
    for (n, (_, words, ..)) in STANDINGS.iter().enumerate() {
        let (x, y) = (width / a_line as f64 * (n % a_line) as f64, LINE * (n / a_line) as f64);
        piece(&mut svg, x + 1.0, y + 1.0, LETTER, n);
        let _ = write!(svg, "<text x=\"{:.1}\" y=\"{:.1}\">{words}</text>", x + LETTER + 5.0, y + 15.0);
    }
    for (row, (name, part)) in parts.iter().enumerate() {
        let y = height(row, width);
        let counted = standings(part);
        let all: usize = counted.iter().sum();
        let few = if all < AT_LEAST { "; too few for a bar" } else { "" };
        let _ = write!(
            svg,
            "<text x=\"0\" y=\"{:.1}\">{}, {all} counted{few}</text>",
            y + 18.0,
            html_escape(name)
        );
        if all < AT_LEAST {
            continue;
        }
        let mut x = 1.0;
        for (n, count) in counted.iter().enumerate().filter(|(_, count)| **count > 0) {
            let wide = (width - 2.0) * *count as f64 / all as f64;
            piece(&mut svg, x, y + 24.0, wide, n);
            x += wide;
        }
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::Rate;

    fn part(counts: [usize; 6]) -> Breakdown {
        let none = Rate::of(0, 0);
        let [attended, deputised, contributed, left_before_decision, apologies, silent] = counts;
        let expected = counts.iter().sum();
        Breakdown {
            expected,
            attended,
            deputised,
            contributed,
            left_before_decision,
            apologies,
            silent,
            M1: none,
            M2: none,
            M3: none,
            M4: none,
        }
    }

    #[test]
    fn the_pieces_of_a_bar_are_as_long_as_their_counts_and_of_few_there_is_no_bar() {
        let (many, few) = (part([20, 0, 10, 0, 0, 10]), part([3, 0, 0, 0, 0, 0]));
        let svg = bars("Standings", &[("Police & fire".into(), &many), ("Housing".into(), &few)], 402.0);
        let wide = |n: usize| {
            let key = STANDINGS.len();
            let rects: Vec<&str> = svg.split("<rect ").skip(1 + key + n).collect();
            rects
                .first()
                .and_then(|rect| rect.split("width=\"").nth(1)?.split('"').next()?.parse::<f64>().ok())
        };
        assert_eq!([wide(0), wide(1), wide(2), wide(3)], [Some(200.0), Some(100.0), Some(100.0), None]);
        assert!(svg.contains("Police &amp; fire, 40 counted<"), "{svg}");
        assert!(svg.contains("Housing, 3 counted; too few for a bar") && !svg.contains("style="), "{svg}");
    }
}
