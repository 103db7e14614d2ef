//! The paper in tidy long form: a row a figure.

use super::Snapshot;
use super::paper::Breakdown;
use super::parts::Split;
use super::rate::Rate;
use crate::web::csv_cell;

/// `month,measure,breakdown,value_of_breakdown,count,numerator,denominator,percent,lower,upper,words`, with a byte-order mark,
/// for Excel takes UTF-8 for Windows-1252 without one. In words stands what is no number: a verdict, a place among others.
pub fn csv(snapshot: &Snapshot) -> Result<Vec<u8>, ::csv::Error> {
    let p = &snapshot.paper;
    let mut out = Rows { month: &p.month, writer: ::csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec()) };
    out.writer.write_record([
        "month",
        "measure",
        "breakdown",
        "part",
        "count",
        "numerator",
        "denominator",
        "percent",
        "lower",
        "upper",
        "words",
    ])?;
    out.breakdown("all", "", &p.whole)?;
    for (name, rate) in p.rates() {
        out.rate(name, "all", "", rate)?;
    }
    for (name, count) in p.counts() {
        out.count(name, count)?;
    }
    for (code, count) in &p.impact {
        out.row("impact", "code", code, Some(*count), None)?;
    }
    for (rung, of) in &p.ladder {
        for (name, count) in of.named() {
            out.row(name, "rung", rung, Some(count), None)?;
        }
    }
    for listed in &p.exception_list {
        let (part, since) = (format!("{}:{}", listed.code, listed.service), listed.since.to_string());
        out.write("ladder_list_since", "service", &part, since, None, "")?;
    }
    let median = p.M16.median_working_days_to_reply.map_or("none".to_owned(), |days| days.to_string());
    out.write("M16_median_working_days_to_reply", "all", "", median, None, "")?;
    for (part, count) in &p.conferences_by_type {
        out.row("conferences", "type", part, Some(*count), None)?;
    }
    for (part, count) in &p.conferences_by_locality {
        // "c", as in what is published: not told.
        let told = count.map_or("c".to_owned(), |count| count.to_string());
        out.write("conferences", "locality", part, told, None, "")?;
    }
    for (reason, count) in &p.M8_by_reason {
        out.row("M8_proceeded_inquorate", "reason", reason, Some(*count), None)?;
    }
    out.breakdown("lens", "neglect", &p.neglect)?;
    for (code, agency) in &p.by_agency {
        out.breakdown("agency", code, &agency.part)?;
    }
    for (split, parts) in p.splits() {
        for (part, figures) in parts {
            out.breakdown(if split == Split::Group { "agency_group" } else { split.code() }, part, figures)?;
        }
    }
    for (id, service) in &p.by_service {
        out.breakdown("service", id, &service.part)?;
    }
    for (split, parts) in &p.rates_by_part {
        let breakdown = if split == Split::Group.code() { "agency_group" } else { split };
        for (part, rates) in parts {
            for (measure, rate) in rates {
                out.rate(measure, breakdown, part, *rate)?;
            }
        }
    }
    for (split, parts) in &p.counts_by_part {
        let breakdown = if split == Split::Group.code() { "agency_group" } else { split };
        for (part, counts) in parts {
            for (figure, count) in counts {
                out.row(figure, breakdown, part, Some(*count), None)?;
            }
        }
    }
    for (code, ended) in &p.plans_ended_without {
        out.row("M9", "missing_agency", code, Some(ended.children), None)?;
        out.row("M9b", "missing_agency", code, Some(ended.without_report), None)?;
        out.row("M9_our_fault", "missing_agency", code, Some(ended.our_fault), None)?;
    }
    out.around(snapshot)?;
    for action in &snapshot.actions {
        // The agency's code before the id: a row alone says whom it is about.
        let part = format!("{}:{}", action.agency.as_ref().map_or("all", |(code, _)| code), action.id);
        out.rate(&action.measure, "action_before", &part, action.effect.before)?;
        out.rate(&action.measure, "action_since", &part, action.effect.since)?;
    }
    out.writer.into_inner().map_err(|e| ::csv::Error::from(e.into_error()))
}

struct Rows<'a> {
    month: &'a str,
    writer: ::csv::Writer<Vec<u8>>,
}

impl Rows<'_> {
    fn row(
        &mut self,
        measure: &str,
        breakdown: &str,
        part: &str,
        count: Option<usize>,
        rate: Option<Rate>,
    ) -> Result<(), ::csv::Error> {
        self.write(measure, breakdown, part, count.map(|n| n.to_string()).unwrap_or_default(), rate, "")
    }

    /// What stands around a month: its headlines and agencies among the months before and their like, what was restated.
    fn around(&mut self, snapshot: &Snapshot) -> Result<(), ::csv::Error> {
        for headline in &snapshot.headlines {
            let (id, of) = (&headline.id, headline.rolling_months.to_string());
            self.rate(id, "rolling_12", &of, headline.rolling)?;
            self.words(id, "verdict", "all", &headline.verdict)?;
        }
        for month in &snapshot.series {
            for (id, rate) in &month.rates {
                self.rate(id, "month", &month.month, *rate)?;
            }
        }
        for (code, agency) in &snapshot.agencies {
            self.rate("M2", "agency_rolling_12", code, agency.rolling)?;
            self.rate("M2", "agency_group_rolling_12", code, agency.group_rolling)?;
            self.words("M2", "agency_among_its_group", code, agency.position.label())?;
            self.words("M2", "agency_verdict", code, &agency.verdict)?;
            if agency.target.is_some() || !agency.other_targets.is_empty() {
                self.words("M2", "agency_targets", code, &agency.targets_in_words())?;
            }
        }
        for exception in &snapshot.exceptions {
            self.words("exception", "all", "", &exception.text)?;
        }
        for revision in &snapshot.restated.revisions {
            let (figure, stands) = (&revision.figure, format!("was {}, is {}", revision.was, revision.is));
            self.words("revision", &revision.month, figure, &stands)?;
        }
        Ok(())
    }

    fn words(&mut self, measure: &str, breakdown: &str, part: &str, words: &str) -> Result<(), ::csv::Error> {
        self.write(measure, breakdown, part, String::new(), None, words)
    }

    fn write(
        &mut self,
        measure: &str,
        breakdown: &str,
        part: &str,
        count: String,
        rate: Option<Rate>,
        words: &str,
    ) -> Result<(), ::csv::Error> {
        let number = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
        self.writer.write_record([
            self.month,
            measure,
            breakdown,
            &csv_cell(part),
            &count,
            &number(rate.map(|r| r.numerator)),
            &number(rate.map(|r| r.denominator)),
            &rate.map(|r| r.percent.map_or("none".to_owned(), |p| p.to_string())).unwrap_or_default(),
            &rate.and_then(|r| r.interval).map(|(low, _)| low.to_string()).unwrap_or_default(),
            &rate.and_then(|r| r.interval).map(|(_, high)| high.to_string()).unwrap_or_default(),
            &csv_cell(words),
        ])
    }

    fn count(&mut self, measure: &str, count: usize) -> Result<(), ::csv::Error> {
        self.row(measure, "all", "", Some(count), None)
    }

    fn rate(&mut self, measure: &str, breakdown: &str, part: &str, rate: Rate) -> Result<(), ::csv::Error> {
        self.row(measure, breakdown, part, None, Some(rate))
    }

    fn breakdown(&mut self, breakdown: &str, part: &str, b: &Breakdown) -> Result<(), ::csv::Error> {
        for (name, count) in [
            ("expected", b.expected),
            ("attended", b.attended),
            ("deputised", b.deputised),
            ("contributed", b.contributed),
            ("left_before_decision", b.left_before_decision),
            ("apologies", b.apologies),
            ("silent", b.silent),
        ] {
            self.row(name, breakdown, part, Some(count), None)?;
        }
        for (name, rate) in [("M1", b.M1), ("M2", b.M2), ("M3", b.M3), ("M4", b.M4)] {
            self.rate(name, breakdown, part, rate)?;
        }
        Ok(())
    }
}
