//! The paper in tidy long form: a row a figure.

use super::Snapshot;
use super::paper::Breakdown;
use super::rate::Rate;
use crate::web::csv_cell;

/// `month,measure,breakdown,value_of_breakdown,count,numerator,denominator,percent,lower,upper`, with a
/// byte-order mark, for Excel takes UTF-8 for Windows-1252 without one.
pub fn csv(snapshot: &Snapshot) -> Result<Vec<u8>, ::csv::Error> {
    let paper = &snapshot.paper;
    let mut out = Rows { month: &paper.month, writer: ::csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec()) };
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
    ])?;
    let p = paper;
    out.count("conferences", p.conferences)?;
    out.count("registers_open", p.registers_open)?;
    out.count("invitations", p.invitations)?;
    out.breakdown("all", "", &p.whole)?;
    for (name, rate) in [
        ("faults_as_absent", p.sensitivity.faults_as_absent),
        ("everything", p.sensitivity.everything),
        ("M5", p.M5),
        ("M6_received", p.M6_received),
        ("M6_on_time", p.M6_on_time),
        ("M7", p.M7),
        ("M9", p.M9),
        ("M9_step_down", p.M9_step_down),
        ("M9b", p.M9b),
        ("M9c", p.M9c),
        ("M12", p.M12),
        ("M14", p.M14),
        ("M15", p.M15),
        ("M16_replied", p.M16.replied),
        ("M16_disputed", p.M16.disputed),
        ("M16_upheld", p.M16.upheld),
        ("M18_initial_in_15", p.M18_initial_in_15),
        ("M18_reviews_in_time", p.M18_reviews_in_time),
        ("M19", p.M19),
    ] {
        out.rate(name, "all", "", rate)?;
    }
    for (name, count) in [
        ("M8_proceeded_inquorate", p.M8_proceeded_inquorate),
        ("M8_consecutive", p.M8_consecutive),
        ("M9_our_fault", p.M9_our_fault),
        ("M9_step_down_our_fault", p.M9_step_down_our_fault),
        ("M10_pivotal", p.M10_pivotal),
        ("M11_adjournments", p.M11.adjournments),
        ("M11_working_days_lost", p.M11.working_days_lost as usize),
        ("M11_not_yet_reconvened", p.M11.not_yet_reconvened),
        ("M13_not_invited", p.M13.not_invited),
        ("M13_undelivered", p.M13.undelivered),
        ("M13_late", p.M13.late),
        ("M16_sent", p.M16.sent),
        ("M16_disputes_open", p.M16.disputes_open),
        ("M17", p.M17),
        ("feedback_due", p.feedback_due),
        ("feedback_authority_fault", p.feedback_authority_fault),
    ] {
        out.count(name, count)?;
    }
    let median = p.M16.median_working_days_to_reply.map_or("none".to_owned(), |days| days.to_string());
    out.write("M16_median_working_days_to_reply", "all", "", median, None)?;
    for (split, parts) in [("type", &p.conferences_by_type), ("locality", &p.conferences_by_locality)] {
        for (part, count) in parts {
            out.row("conferences", split, part, Some(*count), None)?;
        }
    }
    for (reason, count) in &p.M8_by_reason {
        out.row("M8_proceeded_inquorate", "reason", reason, Some(*count), None)?;
    }
    out.breakdown("lens", "neglect", &p.neglect)?;
    for (group, part) in &p.by_group {
        out.breakdown("agency_group", group, part)?;
    }
    for (code, agency) in &p.by_agency {
        out.breakdown("agency", code, &agency.part)?;
    }
    let splits = [
        ("locality", &p.by_locality),
        ("stage", &p.by_stage),
        ("type", &p.by_type),
        ("mode", &p.by_mode),
        ("slot", &p.by_slot),
        ("holiday", &p.by_holiday),
    ];
    for (split, parts) in splits {
        for (part, figures) in parts {
            out.breakdown(split, part, figures)?;
        }
    }
    for (id, service) in &p.by_service {
        out.breakdown("service", id, &service.part)?;
    }
    for (code, ended) in &p.plans_ended_without {
        out.row("M9", "missing_agency", code, Some(ended.children), None)?;
        out.row("M9b", "missing_agency", code, Some(ended.without_report), None)?;
        out.row("M9_our_fault", "missing_agency", code, Some(ended.our_fault), None)?;
    }
    for headline in &snapshot.headlines {
        out.rate(&headline.id, "rolling_12", &headline.rolling_months.to_string(), headline.rolling)?;
    }
    for (code, agency) in &snapshot.agencies {
        out.rate("M2", "agency_rolling_12", code, agency.rolling)?;
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
        self.write(measure, breakdown, part, count.map(|n| n.to_string()).unwrap_or_default(), rate)
    }

    fn write(
        &mut self,
        measure: &str,
        breakdown: &str,
        part: &str,
        count: String,
        rate: Option<Rate>,
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
