//! What of a year's counts may be told to everybody (DOMAIN 8, profile `public`): 1 to 5 are not told, nor is what would
//! give them away by subtraction, and the rest is told to the nearest 5. It is applied before any renderer sees a figure.
//!
//! Tables that count the same things share their total, and say nothing of how one part of one table falls on the parts of
//! another. So all that a reader can work out of a part that is not told is a range: the total, as far as its tables tell
//! it, less all other parts. A part stays untold only if that range is wide; otherwise another part beside it is not told
//! either, then the total, and at last the table. Whoever knows this rule learns something from which parts it hides: so one
//! part is never hidden alone, the part beside it is chosen by its place and not by its size, and of a small total nothing is
//! told at all.

use serde::{Deserialize, Serialize};

/// Of so many and fewer, but for none, nothing is told.
const SMALL: u32 = 5;
/// Counts are told to the nearest of these.
const STEP: u32 = 5;
/// Percentages are of 20 or more: of so many as they are told, for 18 and 19 are told as 20 too.
const PERCENT_OF: u32 = 20 + STEP;

/// A list of counts that add up to a total.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    pub title: &'static str,
    /// What the total counts: lists with the same have the same total.
    pub of: &'static str,
    pub parts: Vec<(String, u32)>,
}

impl Counted {
    fn total(&self) -> u32 {
        self.parts.iter().map(|(_, count)| count).sum()
    }
}

/// A count as it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// To the nearest 5; none is none.
    About(u32),
    /// 1 to 5, or what would give such a count away.
    Suppressed,
}

impl Told {
    fn of(count: u32, is_hidden: bool) -> Self {
        if is_hidden { Self::Suppressed } else { Self::About((count + STEP / 2) / STEP * STEP) }
    }

    /// As every form of the publication says it.
    pub fn text(self) -> String {
        match self {
            Self::About(count) => count.to_string(),
            Self::Suppressed => "c".to_owned(),
        }
    }

    /// Which counts a reader may take it for: from, and up to, where that is known.
    fn range(self) -> (u32, Option<u32>) {
        match self {
            Self::Suppressed => (1, None),
            Self::About(0) => (0, Some(0)),
            Self::About(count) => ((count - STEP / 2).max(SMALL + 1), Some(count + STEP / 2)),
        }
    }
}

/// A part of a table as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub name: String,
    pub count: Told,
    /// Whole percent of the total, from the counts as they are told; of fewer than 20 none.
    pub percent: Option<u32>,
}

/// A table as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub title: String,
    /// What is counted.
    pub of: String,
    pub total: Told,
    /// `None`: none of it can be told.
    pub parts: Option<Vec<Part>>,
}

/// What is not told.
struct Hidden<'a> {
    tables: &'a [Counted],
    parts: Vec<Vec<bool>>,
    /// Of the total of each table.
    totals: Vec<bool>,
    /// Tables of which nothing is told.
    withheld: Vec<bool>,
}

/// The sum of ranges.
fn sum(ranges: impl Iterator<Item = (u32, Option<u32>)>) -> (u32, Option<u32>) {
    ranges.fold((0, Some(0)), |(low, high), (from, to)| (low + from, high.zip(to).map(|(a, b)| a + b)))
}

/// Whether every count that a range allows says little: five or more of them, 1 to 5 among them where it is one of those.
fn is_wide(count: u32, (low, high): (u32, Option<u32>)) -> bool {
    let holds_all = low <= 1 && high.is_none_or(|high| high >= SMALL);
    high.is_none_or(|high| high >= low + SMALL - 1) && (count > SMALL || holds_all)
}

impl Hidden<'_> {
    fn told(&self, table: usize) -> impl Iterator<Item = Told> {
        let parts = self.tables[table].parts.iter().zip(&self.parts[table]);
        parts.map(|((_, count), hidden)| Told::of(*count, *hidden))
    }

    fn same_total(&self, table: usize) -> impl Iterator<Item = usize> {
        let of = self.tables[table].of;
        (0..self.tables.len()).filter(move |n| self.tables[*n].of == of)
    }

    /// What all tables together tell of a total.
    fn total(&self, table: usize) -> (u32, Option<u32>) {
        let own = Told::of(self.tables[table].total(), self.totals[table]).range();
        let told = self.same_total(table).filter(|n| !self.withheld[*n]);
        told.map(|n| sum(self.told(n).map(Told::range)))
            .fold(own, |(low, high), (from, to)| (low.max(from), high.into_iter().chain(to).min()))
    }

    /// What a reader can work out of one part.
    fn range(&self, table: usize, part: usize) -> (u32, Option<u32>) {
        let (total_low, total_high) = self.total(table);
        let others = self.told(table).enumerate().filter(|(n, _)| *n != part).map(|(_, told)| told.range());
        let (low, high) = sum(others);
        (
            1.max(high.map_or(0, |high| total_low.saturating_sub(high))),
            total_high.map(|total| total.saturating_sub(low)),
        )
    }

    /// Whether the table gives away something that it does not tell.
    fn gives_away(&self, table: usize) -> bool {
        let parts = &self.tables[table].parts;
        let total = self.tables[table].total();
        self.totals[table] && total > 0 && !is_wide(total, self.total(table))
            || !self.withheld[table]
                && (0..parts.len())
                    .filter(|n| self.parts[table][*n])
                    .any(|n| !is_wide(parts[n].1, self.range(table, n)))
    }

    /// Hides the last part that is told and is not none; `false` where there is none.
    fn hide_another(&mut self, table: usize) -> bool {
        let counts = &self.tables[table].parts;
        let last = (0..counts.len()).rev().find(|n| counts[*n].1 > 0 && !self.parts[table][*n]);
        if let Some(part) = last {
            self.parts[table][part] = true;
        }
        last.is_some()
    }

    /// Tells less of a table: another part, or its total, or none of it.
    fn hide_more(&mut self, table: usize) {
        if self.hide_another(table) {
            return;
        }
        if self.totals[table] {
            self.withheld[table] = true;
        } else {
            let same: Vec<usize> = self.same_total(table).collect();
            same.into_iter().for_each(|n| self.totals[n] = true);
        }
    }
}

/// What may be told of these lists.
pub fn publish(tables: &[Counted]) -> Vec<Table> {
    let small = |count: u32| (1..=SMALL).contains(&count);
    let mut hidden = Hidden {
        tables,
        parts: tables.iter().map(|t| t.parts.iter().map(|(_, count)| small(*count)).collect()).collect(),
        totals: tables.iter().map(|t| small(t.total())).collect(),
        withheld: tables.iter().map(|t| small(t.total())).collect(),
    };
    for table in 0..tables.len() {
        if hidden.parts[table].iter().filter(|hidden| **hidden).count() == 1 {
            hidden.hide_another(table);
        }
    }
    while let Some(table) = (0..tables.len()).find(|n| !hidden.withheld[*n] && hidden.gives_away(*n)) {
        hidden.hide_more(table);
    }
    let table = |n: usize| {
        let total = Told::of(tables[n].total(), hidden.totals[n]);
        let part = |((name, _), count): (&(String, u32), Told)| {
            let percent = match (count, total) {
                (Told::About(count), Told::About(all)) if all >= PERCENT_OF => {
                    Some((count * 100 + all / 2) / all)
                }
                _ => None,
            };
            Part { name: name.clone(), count, percent: percent.filter(|percent| *percent <= 100) }
        };
        Table {
            title: tables[n].title.to_owned(),
            of: tables[n].of.to_owned(),
            total,
            parts: (!hidden.withheld[n])
                .then(|| tables[n].parts.iter().zip(hidden.told(n)).map(part).collect()),
        }
    };
    (0..tables.len()).map(table).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn counted(counts: &[u32]) -> Counted {
        let parts = counts.iter().enumerate().map(|(n, count)| (n.to_string(), *count)).collect();
        Counted { title: "t", of: "conferences", parts }
    }

    fn told(tables: &[&[u32]]) -> Vec<String> {
        let tables: Vec<Counted> = tables.iter().map(|counts| counted(counts)).collect();
        let say = |table: Table| {
            let parts = table.parts.map_or("withheld".to_owned(), |parts| {
                parts.into_iter().map(|p| p.count.text()).collect::<Vec<_>>().join(" ")
            });
            format!("{parts} = {}", table.total.text())
        };
        publish(&tables).into_iter().map(say).collect()
    }

    #[test]
    fn a_small_count_is_not_told_and_what_gives_it_away_is_not_either() {
        assert_eq!(told(&[&[103, 48, 12]]), ["105 50 10 = 165"], "to the nearest five");
        assert_eq!(told(&[&[103, 0, 12]]), ["105 0 10 = 115"], "none is told");
        assert_eq!(told(&[&[3]]), ["withheld = c"], "of a small total nothing is told");
        // 6 and 1 are 7: with 5 and 5 told for 6 and 7, the one could be nothing else.
        assert_eq!(told(&[&[6, 1]]), ["c c = 5"]);
        assert_eq!(
            told(&[&[103, 2, 48]]),
            ["105 c c = 155"],
            "none is hidden alone: that it could be would say something"
        );
        assert_eq!(
            told(&[&[0, 3, 0, 50]]),
            ["0 c 0 c = 55"],
            "the part beside it is the last that is not none"
        );
        assert_eq!(told(&[&[41, 2, 2]]), ["40 c c = 45"]);
        // Another table tells the same total more closely.
        let both = told(&[&[9, 3], &[6, 6]]);
        assert!(both[0].starts_with("c c"), "{both:?}");
    }

    /// What a reader takes for possible of a count, up to `most`.
    fn possible(told: Told, most: u32) -> BTreeSet<u32> {
        let rounds_to = |count: u32| {
            count > 5
                && (count + 2) / 5 * 5
                    == match told {
                        Told::About(n) => n,
                        Told::Suppressed => 0,
                    }
        };
        match told {
            Told::Suppressed => (1..=most).collect(),
            Told::About(0) => BTreeSet::from([0]),
            Told::About(_) => (0..=most).filter(|count| rounds_to(*count)).collect(),
        }
    }

    /// The totals to which the parts of a table can add up; of one of them the count is given.
    fn totals(parts: &[Part], most: u32, given: Option<(usize, u32)>) -> BTreeSet<u32> {
        let mut sums = BTreeSet::from([0]);
        for (n, part) in parts.iter().enumerate() {
            let counts = match given {
                Some((at, count)) if at == n => BTreeSet::from([count]),
                _ => possible(part.count, most),
            };
            sums = sums
                .iter()
                .flat_map(|sum| counts.iter().map(move |c| sum + c))
                .filter(|sum| *sum <= most)
                .collect();
        }
        sums
    }

    /// Cuts a total into parts.
    fn cut(total: u32, at: &[u32]) -> Vec<u32> {
        let mut cuts: Vec<u32> = at.iter().map(|at| at % (total + 1)).chain([0, total]).collect();
        cuts.sort_unstable();
        cuts.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(150))]
        /// A reader who tries every count that the tables allow, together, is left with each of 1 to 5 for whatever is
        /// 1 to 5, and with five or more for whatever else is not told.
        #[test]
        fn nothing_that_is_suppressed_is_recovered_from_all_tables_together(
            total in 0u32..90,
            cuts in prop::collection::vec(prop::collection::vec(0u32..90, 0..4), 1..4),
        ) {
            let tables: Vec<Counted> = cuts.iter().map(|at| counted(&cut(total, at))).collect();
            let told = publish(&tables);
            let most = total + 40;
            let of_all = |given: Option<(usize, usize, u32)>| {
                let known = possible(told[0].total, most);
                told.iter().enumerate().fold(known, |known, (n, table)| {
                    let Some(parts) = &table.parts else { return known };
                    let here = given.filter(|(at, ..)| *at == n).map(|(_, part, count)| (part, count));
                    known.intersection(&totals(parts, most, here)).copied().collect()
                })
            };
            prop_assert!(of_all(None).contains(&total), "what is told is true");
            if told[0].total == Told::Suppressed {
                let left = of_all(None);
                prop_assert!(left.len() >= 5 && (total > 5 || (1..=5).all(|n| left.contains(&n))), "{left:?}");
            }
            for (n, table) in told.iter().enumerate() {
                for (at, part) in table.parts.iter().flatten().enumerate() {
                    let count = tables[n].parts[at].1;
                    match part.count {
                        Told::About(about) => prop_assert!(!(1..=5).contains(&count) && about.abs_diff(count) <= 2),
                        Told::Suppressed => {
                            let left: Vec<u32> = (1..=most).filter(|c| !of_all(Some((n, at, *c))).is_empty()).collect();
                            prop_assert!(left.len() >= 5, "{left:?} of {told:?}");
                            prop_assert!(count > 5 || (1..=5).all(|c| left.contains(&c)), "{left:?} of {told:?}");
                        }
                    }
                }
            }
        }
    }
}
