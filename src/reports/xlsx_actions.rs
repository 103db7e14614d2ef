//! The sheet of improvement actions.

use std::collections::BTreeMap;

use rust_xlsxwriter::{Workbook, XlsxError};

use super::improving::{ActionId, ActionLine, Written};
use super::titles;
use super::xlsx::{Styles, Table, named, of_rate, sheet};

/// A row an action: its proforma, how it goes, its measure before and since.
pub fn actions(
    workbook: &mut Workbook,
    styles: &Styles,
    lines: &[ActionLine],
    written: &BTreeMap<ActionId, Written>,
) -> Result<(), XlsxError> {
    let columns = named([
        "About",
        "Measure",
        "What the paper said",
        "Objective",
        "Action",
        "Input",
        "Desired outcome",
        "Lead",
        "Timescale",
        "How it goes",
        "Review",
        "Raised in",
    ]);
    let columns = columns.into_iter().chain(named(["Before: months"])).chain(of_rate("Before"));
    let columns = columns.chain(named(["Since: months"])).chain(of_rate("Since"));
    let columns = columns.chain(named(["Change or chance", "Id"]));
    let mut table = Table::new(sheet(workbook, "Improvement actions")?, styles, columns)?;
    for line in lines {
        let Some(written) = written.get(&line.id) else { continue };
        table.next();
        let measure = format!("{} {}", line.measure, titles::of(&line.measure).0);
        for text in [
            line.about(),
            &measure,
            &written.because,
            &written.objective,
            &written.action,
            &written.input,
            &written.desired_outcome,
            &written.lead,
            &line.due.to_string(),
            &line.progress_in_words(),
            &written.review,
            &line.raised,
        ] {
            table.text(text)?;
        }
        table.text(&line.effect.before_of)?;
        table.rate(line.effect.before)?;
        table.text(&line.effect.since_of)?;
        table.rate(line.effect.since)?;
        table.text(&line.effect.words)?;
        table.text(&line.id.to_string())?;
    }
    Ok(())
}
