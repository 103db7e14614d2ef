//! The sheets of what falls into parts: counts (effects of absences, steps of the ladder, reasons, types, localities), and the
//! rates beside attendance.

use rust_xlsxwriter::{Workbook, XlsxError};

use super::climbed::{Climbed, effect, rung};
use super::paper::Paper;
use super::parts::Split;
use super::titles;
use super::words::word;
use super::xlsx::{RATE, Styles, Table, named, sheet};
use crate::conferences::ProceededReason;
use crate::invitations::ImpactCode;

/// A row a part: what is counted, the part in words and by its code, and how many.
pub fn parts(workbook: &mut Workbook, styles: &Styles, paper: &Paper) -> Result<(), XlsxError> {
    let columns = named(["Figure", "Part", "Code", "Number"]);
    let mut table = Table::new(sheet(workbook, "Counts by part")?, styles, columns)?;
    let mut row = |figure: &str, part: &str, code: &str, number: Option<usize>| {
        table.next();
        for text in [figure, part, code] {
            table.text(text)?;
        }
        match number {
            Some(number) => table.count(number),
            None => table.text("not told"),
        }
    };
    for (code, count) in &paper.impact {
        let words = code.parse::<ImpactCode>().map_or("not known here", effect);
        row("Absences by what they did", words, code, Some(*count))?;
    }
    for (number, of) in &paper.ladder {
        for ((name, count), column) in of.named().into_iter().zip(Climbed::COLUMNS) {
            row(&format!("The ladder's steps: {}", rung(number)), column, name, Some(count))?;
        }
    }
    for listed in &paper.exception_list {
        let mut part = format!("{}, {}, since {}", listed.agency, listed.service, listed.since);
        listed.remarks().for_each(|remark| part.push_str(&format!(". {}", remark.trim_end_matches('.'))));
        row("On PAQA's list after the ladder's last step", &part, &listed.code, Some(1))?;
    }
    for (code, count) in &paper.M8_by_reason {
        let words = code.parse::<ProceededReason>().map_or("reason not recorded", |reason| reason.label());
        row("M8 Held without quorum, by reason", words, code, Some(*count))?;
    }
    for (split, parts) in &paper.counts_by_part {
        let split = split.parse::<Split>().ok();
        let by = split.map_or("part", Split::label);
        for (part, counts) in parts {
            for (id, count) in counts {
                let measure = id.split('_').next().filter(|id| id.starts_with('M')).unwrap_or_default();
                let figure = format!("{measure} {}, by {by}", titles::alone(id));
                row(figure.trim(), &named_part(paper, split, part), part, Some(*count))?;
            }
        }
    }
    for (code, count) in &paper.conferences_by_type {
        row("Conferences by type", &word(Split::Type, code), code, Some(*count))?;
    }
    for (code, count) in &paper.conferences_by_locality {
        row("Conferences by locality", &word(Split::Locality, code), code, *count)?;
    }
    Ok(())
}

/// What a part is called.
fn named_part(paper: &Paper, split: Option<Split>, part: &str) -> String {
    let agency = || paper.agencies_called.get(part).cloned();
    let service = || paper.by_service.get(part).map(|service| service.name.clone());
    match split {
        Some(Split::Agency) => agency().unwrap_or_else(|| part.to_owned()),
        Some(Split::Service) => service().unwrap_or_else(|| part.to_owned()),
        Some(split) => word(split, part),
        None => part.to_owned(),
    }
}

/// A row a rate of a part: the paper itself shows those that something is decided from.
pub fn rates(workbook: &mut Workbook, styles: &Styles, paper: &Paper) -> Result<(), XlsxError> {
    let columns = named(["Split", "Part", "Code", "Measure", "Title"]).into_iter().chain(named(RATE));
    let mut table = Table::new(sheet(workbook, "Rates by part")?, styles, columns)?;
    for (code, parts) in &paper.rates_by_part {
        let split = code.parse::<Split>().ok();
        for (part, rates) in parts {
            let name = named_part(paper, split, part);
            for (measure, rate) in rates {
                table.next();
                let split = split.map_or(code.clone(), |split| split.label().to_owned());
                for text in [split.as_str(), &name, part, measure, titles::of(measure).0] {
                    table.text(text)?;
                }
                table.rate(*rate)?;
            }
        }
    }
    Ok(())
}
