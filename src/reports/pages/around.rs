//! What stands around a month's figures on its page: how it stands, what to look at first, the months before, its agencies
//! among their like, what was restated.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Looking;
use super::rows::{Cell, Links};
use super::sections::Pictured;
use crate::calendar::london;
use crate::register::Policies;
use crate::reports::agency_line::AgencyLine;
use crate::reports::funnel_plot::{HEIGHT, funnel_plot};
use crate::reports::parts::Split;
use crate::reports::snapshot::{Headline, Revision};
use crate::reports::trend::{IN_PRINT, ON_A_PAGE, data_url, trend};
use crate::reports::words::{capital, word};
use crate::reports::{Edition, Month, Period, Rate, Snapshot, closes_on, titles};

#[derive(Serialize)]
pub(super) struct HeadlineRow {
    pub(super) id: String,
    pub(super) title: &'static str,
    pub(super) definition: &'static str,
    pub(super) now: Cell,
    pub(super) fraction: String,
    pub(super) interval: String,
    pub(super) previous: String,
    pub(super) rolling: String,
    pub(super) verdict: String,
    pub(super) stands_out: bool,
    pub(super) chart: String,
    /// The chart as it is printed.
    #[serde(skip)]
    pub(super) svg: String,
}

#[derive(Serialize)]
pub(super) struct AgencyRow {
    pub(super) name: String,
    /// Its own page, for whoever looks in the browser at a month.
    pub(super) href: Option<String>,
    pub(super) group: String,
    pub(super) month: Cell,
    pub(super) rolling: String,
    pub(super) of_group: String,
    pub(super) position: &'static str,
    pub(super) is_low: bool,
    pub(super) verdict: String,
    pub(super) stands_out: bool,
    pub(super) target: String,
}

#[derive(Serialize)]
pub(super) struct SeriesRow {
    pub(super) month: String,
    pub(super) rates: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct ChangedRow {
    pub(super) month: String,
    pub(super) amended: usize,
    pub(super) late: usize,
}

/// The sections of the page that a month alone does not fill.
#[derive(Serialize)]
pub struct Around {
    /// "Closed on 7 October 2026".
    pub(super) closed: Option<String>,
    /// When it closes, in a sentence, while it is open.
    pub(super) open: Option<String>,
    /// It is of one month, which is approved by itself and restates those before it.
    pub(super) is_month: bool,
    /// How its own figures are headed, and those of as many months before.
    pub(super) these: &'static str,
    pub(super) before: &'static str,
    pub(super) approved: Option<String>,
    /// Whoever looks may approve it.
    pub(super) approve: bool,
    pub(super) hash: String,
    pub(super) definitions: String,
    pub(super) quorum_rules: String,
    pub(super) headlines: Vec<HeadlineRow>,
    /// How many of the last twelve months the rolling figures rest on.
    pub(super) rolling_months: usize,
    pub(super) agencies: Vec<AgencyRow>,
    /// A funnel for each group of two and more.
    pub(super) funnels: Vec<Pictured>,
    pub(super) series_titles: Vec<&'static str>,
    pub(super) series: Vec<SeriesRow>,
    pub(super) revisions: Vec<Revision>,
    pub(super) changed: Vec<ChangedRow>,
}

pub(super) fn fraction(rate: Rate) -> String {
    if rate.is_small() || rate.denominator == 0 { String::new() } else { rate.fraction() }
}

/// A figure with its counts and its interval, for one cell.
fn with_interval(rate: Rate) -> String {
    match rate.interval {
        Some(_) if !rate.is_small() => {
            format!("{} ({}; {})", rate.percent_text(), rate.fraction(), rate.interval_text())
        }
        _ => rate.shown(),
    }
}

/// The same without the interval.
fn counted(rate: Rate) -> String {
    match fraction(rate) {
        of if of.is_empty() => rate.shown(),
        of => format!("{} ({of})", rate.percent_text()),
    }
}

fn headline(h: &Headline, snapshot: &Snapshot, links: &Links<'_>) -> HeadlineRow {
    let (title, definition) = titles::of(&h.id);
    let is_month = matches!(snapshot.period(), Period::Month(_));
    let unknown = if is_month { "not closed" } else { "not all closed" };
    let series: Vec<(Month, Rate)> = snapshot
        .series
        .iter()
        .filter_map(|of| {
            let rate = of.rates.get(&h.id).copied().unwrap_or(Rate::of(0, 0));
            Some((of.month.parse().ok()?, rate))
        })
        .collect();
    let chart = |width| trend(&format!("{title}, month by month"), &series, None, width);
    HeadlineRow {
        id: h.id.split('_').next().unwrap_or_default().to_owned(),
        title,
        definition,
        now: links.shown(h.rate, &h.id, ""),
        fraction: fraction(h.rate),
        interval: h.rate.interval_text(),
        previous: h.previous.map_or(unknown.to_owned(), counted),
        rolling: with_interval(h.rolling),
        verdict: h.verdict.clone(),
        stands_out: h.stands_out,
        chart: data_url(&chart(ON_A_PAGE)),
        svg: chart(IN_PRINT),
    }
}

/// The agencies of each group, of those that were expected, in a funnel.
fn funnels(snapshot: &Snapshot) -> Vec<Pictured> {
    let mut groups: BTreeMap<&String, Vec<&AgencyLine>> = BTreeMap::new();
    for line in snapshot.agencies.values().filter(|line| line.rolling.denominator > 0) {
        groups.entry(&line.group).or_default().push(line);
    }
    let several = groups.into_iter().filter(|(_, agencies)| agencies.len() > 1);
    let funnel = |(group, mut agencies): (&String, Vec<&AgencyLine>)| {
        agencies.sort_by_key(|line| line.name.to_lowercase());
        let caption = format!("{}: each agency among its group", capital(&word(Split::Group, group)));
        let rates: Vec<Rate> = agencies.iter().map(|line| line.rolling).collect();
        let draw = |width| funnel_plot(&caption, agencies[0].group_rolling, &rates, width);
        let names = agencies
            .iter()
            .enumerate()
            .map(|(n, line)| format!("{}: {}, {}", n + 1, line.name, with_interval(line.rolling)));
        let names: Vec<String> = names.collect();
        Pictured {
            chart: data_url(&draw(ON_A_PAGE)),
            svg: draw(IN_PRINT),
            height: HEIGHT,
            alt: format!(
                "{caption}, of the last twelve months, about the group's own rate with its 95% and 99.8% limits. {}. The table of agencies says where each stands.",
                names.join("; ")
            ),
            names,
            caption,
        }
    };
    several.map(funnel).collect()
}

impl Around {
    /// `looking`: nobody, where the paper stands alone.
    pub fn of(edition: &Edition, looking: Option<Looking>, policies: &Policies) -> Self {
        let period = edition.period();
        let is_month = matches!(period, Period::Month(_));
        let [these, before] = match period {
            Period::Month(_) => ["This month", "Month before"],
            Period::Quarter(..) => ["This quarter", "Quarter before"],
            Period::Year(_) => ["This year", "Year before"],
            Period::TwelveTo(_) => ["These months", "Twelve before"],
        };
        let closes = match period {
            Period::Quarter(..) | Period::Year(_) => "It is frozen once each of its months is closed, and none of them was for five working days: until then its figures change with every register that is confirmed or amended. Of more than two years ago nothing is frozen any more.".to_owned(),
            Period::TwelveTo(_) => "These months are not frozen together: their figures change with every register that is confirmed or amended.".to_owned(),
            Period::Month(_) => format!(
                "It closes on {}: until then its figures change with every register that is confirmed or amended.",
                london::full_date(closes_on(period.last(), policies))
            ),
        };
        let at = period.address();
        let links = &Links { at: &at, on: looking.is_some_and(|who| who.looks_behind) };
        let (snapshot, closed) = (&edition.snapshot, edition.closed.as_ref());
        let day = |at| london::full_date(london::date(at));
        let mut agencies: Vec<_> = snapshot.agencies.iter().collect();
        agencies.sort_by_key(|(_, line)| line.name.to_lowercase());
        let ids: Vec<&str> = snapshot.headlines.iter().map(|h| h.id.as_str()).collect();
        let name = |month: &str| month.parse::<Month>().map_or(month.to_owned(), Month::name);
        let restated = &snapshot.restated;
        let changed: BTreeSet<&String> =
            restated.amended.keys().chain(restated.late_additions.keys()).collect();
        let is_approved = closed.is_some_and(|closed| closed.approved.is_some());
        Self {
            closed: closed.map(|closed| day(closed.at)),
            open: closed.is_none().then_some(closes),
            is_month,
            these,
            before,
            approved: closed
                .and_then(|closed| closed.approved.as_ref())
                .map(|(by, at)| format!("{by}, {}", day(*at))),
            approve: is_month && looking.is_some_and(|who| who.approves) && closed.is_some() && !is_approved,
            hash: closed.map(|closed| closed.hash.clone()).unwrap_or_default(),
            definitions: snapshot.definitions.clone(),
            quorum_rules: snapshot
                .quorum_rules
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", "),
            headlines: snapshot.headlines.iter().map(|h| headline(h, snapshot, links)).collect(),
            rolling_months: snapshot.headlines.first().map_or(0, |h| h.rolling_months),
            agencies: agencies
                .into_iter()
                .map(|(code, line)| AgencyRow {
                    name: line.name.clone(),
                    href: (is_month && looking.is_some()).then(|| format!("{at}/agency/{code}")),
                    group: word(Split::Group, &line.group),
                    month: Cell {
                        text: with_interval(line.rate),
                        ..links.shown(line.rate, "M2", &format!("&agency={code}"))
                    },
                    rolling: with_interval(line.rolling),
                    of_group: counted(line.group_rolling),
                    position: line.position.label(),
                    is_low: line.position.is_low(),
                    verdict: capital(&line.verdict),
                    stands_out: line.stands_out,
                    target: line.targets_in_words(),
                })
                .collect(),
            funnels: funnels(snapshot),
            series_titles: ids.iter().map(|id| titles::of(id).0).collect(),
            series: snapshot
                .series
                .iter()
                .rev()
                .map(|of| SeriesRow {
                    month: name(&of.month),
                    rates: ids
                        .iter()
                        .map(|id| of.rates.get(*id).map_or("not closed".to_owned(), |r| with_interval(*r)))
                        .collect(),
                })
                .collect(),
            revisions: snapshot
                .restated
                .revisions
                .iter()
                .map(|r| Revision { month: name(&r.month), ..r.clone() })
                .collect(),
            changed: changed
                .into_iter()
                .map(|month| ChangedRow {
                    month: name(month),
                    amended: restated.amended.get(month).copied().unwrap_or_default(),
                    late: restated.late_additions.get(month).copied().unwrap_or_default(),
                })
                .collect(),
        }
    }
}
