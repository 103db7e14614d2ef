//! What a reader should look at first, in words that are written from the figures (DOMAIN 8). A sentence says what happened,
//! of how many, and how sure that is; where the fault was ours, it says so. What chance explains is no exception.

use std::collections::BTreeMap;

use super::paper::{EndedWithout, Paper};
use super::snapshot::{AgencyLine, Headline};
use super::{Rate, titles};

/// Agencies that a sentence names, at most.
const NAMED: usize = 3;

/// "16 of 42 (38.1%, 25.0 to 53.2)"; of fewer than 20 the count alone.
fn said(rate: Rate) -> String {
    if rate.is_small() || rate.denominator == 0 {
        return rate.fraction();
    }
    format!("{} ({}, {})", rate.fraction(), rate.percent_text(), rate.interval_text())
}

/// "1 child", "3 children".
fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn plan_ends(paper: &Paper) -> Option<String> {
    if paper.M9.numerator == 0 {
        return None;
    }
    let mut text = format!("Plans ended without a core agency: {} children.", said(paper.M9));
    if paper.M9b.numerator > 0 {
        text += &format!(
            " For {} of the {} a missing agency had sent no report either.",
            paper.M9b.numerator, paper.M9.numerator
        );
    }
    let mut missing: Vec<&EndedWithout> = paper.plans_ended_without.values().collect();
    missing.sort_by(|a, b| b.children.cmp(&a.children).then_with(|| a.name.cmp(&b.name)));
    let named = missing.iter().take(NAMED).map(|a| format!("{} ({})", a.name, a.children));
    let named: Vec<String> = named.collect();
    if !named.is_empty() {
        text += &format!(" Most often missing: {}.", named.join(", "));
    }
    if paper.M9_our_fault > 0 {
        text += &format!(
            " In {} of the {} we had invited an agency wrongly: our fault, not theirs.",
            paper.M9_our_fault, paper.M9.numerator
        );
    }
    Some(text)
}

fn quorum(paper: &Paper) -> Vec<String> {
    let mut all = Vec::new();
    if paper.M9c.numerator > 0 {
        all.push(format!("Plans ended at a conference without quorum: {} children.", said(paper.M9c)));
    }
    if paper.M8_consecutive > 0 {
        let conferences = counted(paper.M8_consecutive, "conference", "conferences");
        all.push(format!("Held without quorum for the second time running: {conferences}."));
    }
    all
}

fn agency(line: &AgencyLine) -> Option<String> {
    let low = line.position.is_low();
    if !low && !line.stands_out {
        return None;
    }
    let mut text = format!("{} was represented {} times it was expected", line.name, said(line.rate));
    if line.stands_out {
        text += &format!(": {}", line.verdict);
    }
    if low {
        text += &format!(
            ". Over the last twelve months it was at {}: {} among those of its group ({})",
            said(line.rolling),
            line.position.label(),
            line.group_rolling.percent_text()
        );
    }
    Some(text + ".")
}

fn ours(paper: &Paper) -> Vec<String> {
    let mut all = Vec::new();
    let (late, back, never) = (paper.M13.late, paper.M13.undelivered, paper.M13.not_invited);
    if late + back + never > 0 {
        all.push(format!(
            "Our own faults: of {} invitations {late} went too late, {back} came back and {never} never went. They count against no agency.",
            paper.M13_of
        ));
    }
    if paper.M16.disputes_open > 0 {
        let disputes = counted(paper.M16.disputes_open, "dispute", "disputes");
        all.push(format!("{disputes} about the month before wait to be settled by us."));
    }
    if paper.registers_open > 0 {
        let registers = counted(paper.registers_open, "conference has", "conferences have");
        all.push(format!("Not complete: {registers} no confirmed register, and count nowhere here."));
    }
    all
}

/// The sentences, the gravest first; none where nothing stands out.
pub fn exceptions(
    paper: &Paper,
    headlines: &[Headline],
    agencies: &BTreeMap<String, AgencyLine>,
) -> Vec<String> {
    let changed = headlines.iter().filter(|h| h.stands_out).map(|h| {
        let title = titles::of(&h.id).0;
        format!("{title}: {}, {}.", said(h.rate), h.verdict)
    });
    let mut of_agencies: Vec<&AgencyLine> = agencies.values().collect();
    of_agencies.sort_by_key(|line| line.name.to_lowercase());
    plan_ends(paper)
        .into_iter()
        .chain(quorum(paper))
        .chain(changed)
        .chain(of_agencies.into_iter().filter_map(agency))
        .chain(ours(paper))
        .collect()
}
