//! The sheet of the headlines month by month, each with its average and the limits of chance, and their charts (DOMAIN 8).

use rust_xlsxwriter::{Chart, ChartLine, ChartLineDashType, ChartType, Workbook, XlsxError};

use super::trend::chart_of;
use super::xlsx::{Styles, Table, sheet};
use super::{Month, Rate, Snapshot, titles};

const NAME: &str = "Month by month";
/// What stands in the columns of each headline, after its own: on a run chart there are no limits.
const BESIDE: [&str; 3] = ["average", "lower limit", "upper limit"];
/// Columns of a headline.
const COLUMNS: u16 = 1 + BESIDE.len() as u16;

/// Each headline's rates, average and limits as shares by the month's place; of fewer than 20 there is no rate.
fn columns(snapshot: &Snapshot, id: &str) -> Vec<[Option<f64>; COLUMNS as usize]> {
    let rate = |of: &super::snapshot::Charted| of.rates.get(id).copied().unwrap_or(Rate::of(0, 0));
    let months: Vec<(Month, Rate)> = snapshot
        .series
        .iter()
        .map(|of| (of.month.parse().expect("a month of the series"), rate(of)))
        .collect();
    let chart = chart_of(&months);
    let row = |(place, (_, rate)): (usize, &(Month, Rate))| {
        let told = rate.percent.filter(|_| !rate.is_small()).map(|percent| percent.as_percent() / 100.0);
        let point = chart.iter().flat_map(|chart| &chart.points).find(|point| point.place == place);
        let limits = point.and_then(|point| point.limits);
        let average = chart.as_ref().map(|chart| chart.centre);
        [told, average, limits.map(|(low, _)| low), limits.map(|(_, high)| high)]
    };
    months.iter().enumerate().map(row).collect()
}

/// A row a month, and a chart for each headline beside them.
pub fn trends(workbook: &mut Workbook, styles: &Styles, snapshot: &Snapshot) -> Result<(), XlsxError> {
    let ids: Vec<&str> = snapshot.headlines.iter().map(|h| h.id.as_str()).collect();
    let headings = ids.iter().flat_map(|id| {
        let title = titles::of(id).0;
        std::iter::once(title.to_owned()).chain(BESIDE.map(|what| format!("{title}: {what}")))
    });
    let series = sheet(workbook, NAME)?;
    let mut table = Table::new(series, styles, std::iter::once("Month".to_owned()).chain(headings))?;
    let all: Vec<_> = ids.iter().map(|id| columns(snapshot, id)).collect();
    for (place, month) in snapshot.series.iter().enumerate() {
        table.next();
        table.text(&month.month)?;
        for share in all.iter().flat_map(|of| of[place]) {
            match share {
                Some(share) => table.percent(share * 100.0)?,
                None => table.skip(),
            }
        }
    }
    let last = table.row();
    for (n, id) in (0_u16..).zip(&ids) {
        let mut chart = Chart::new(ChartType::Line);
        let title = titles::of(id).0;
        chart.title().set_name(title);
        chart.legend().set_hidden();
        chart.y_axis().set_min(0).set_max(1).set_num_format("0%");
        for beside in 0..COLUMNS {
            let column = 1 + n * COLUMNS + beside;
            let series = chart.add_series();
            series
                .set_name((NAME, 0, column))
                .set_categories((NAME, 1, 0, last, 0))
                .set_values((NAME, 1, column, last, column));
            // As on the page: the average is dashed, the limits are dots.
            let dash = match beside {
                0 => continue,
                1 => ChartLineDashType::Dash,
                _ => ChartLineDashType::RoundDot,
            };
            series.set_format(ChartLine::new().set_color("#505A5F").set_dash_type(dash));
        }
        chart.set_alt_text(format!(
            "{title}, month by month, with its average and the limits of chance; the columns of this sheet say the same."
        ));
        let beside = 2 + COLUMNS * u16::try_from(ids.len()).expect("few headlines");
        table.chart(u32::from(n) * 16, beside, &chart)?;
    }
    Ok(())
}
