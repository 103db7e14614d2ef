//! Which figures an amendment restates: what one conference puts into them, before and after.

use super::Month;
use super::finish::finish;
use super::store::{Case, MonthData};
use super::{MonthPage, Paper};
use crate::agencies::store::Directory;
use crate::calendar::Breaks;
use crate::register::restating::Figure;
use crate::register::store::Record;
use crate::register::{Policies, assess};

/// What this conference alone puts into the figures of its month, one line a figure, always in the same order. Figures
/// that rest on other conferences (repeats, a run without quorum, reviews in time) are as if there were none.
pub fn of_one(record: &Record, directory: &Directory, policies: &Policies) -> Vec<Figure> {
    let facts = record.facts(directory);
    let assessment = assess(&facts, policies.on(facts.date));
    let (month, case) = (Month::of(facts.date), Case { record: record.clone(), facts, assessment });
    let data = MonthData::alone(month, directory.clone(), vec![case]);
    let paper: Paper = finish(&data, policies, &Breaks::none());
    MonthPage::figures_only(&paper).lines()
}
