//! How families come and go: an initial conference, reviews, the end of the plan, with the same
//! agencies around them.

use chrono::{Datelike, Days, NaiveDate};
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::Size;
use super::directory::{CHAIRS, LOCALITIES, NURSERIES, Need, SCHOOLS, SURGERIES};
use crate::calendar::{Calendar, add_months};
use crate::conferences::{AdjournmentReason, Category, ConferenceType, Decision, Mode};

/// Days in which families come before the first that is shown: by then as many leave as come.
const RUN_IN: u64 = 1000;
/// Children of an average family, and days that a plan lasts on average, as the numbers below make it.
const CHILDREN: f64 = 1.92;
const PLAN_DAYS: f64 = 335.0;
/// Initial conferences that make a plan.
const MAKES_A_PLAN: f64 = 0.86;
/// Whether the plan ends at the first, second, third, … review.
const ENDS: &[f64] = &[0.18, 0.42, 0.55, 0.75, 1.0];

/// A conference that takes place, or will.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub family: u64,
    pub date: NaiveDate,
    pub kind: ConferenceType,
    /// What was decided for each child; nothing when it was adjourned.
    pub decisions: Vec<Decision>,
    pub adjourned: Option<AdjournmentReason>,
    pub strategy_discussion: Option<NaiveDate>,
    /// No invitation went before this day.
    pub known_since: NaiveDate,
    /// Its children, by their place in the family.
    pub children: Vec<u32>,
    pub category: Category,
    pub locality: usize,
    pub chair: usize,
    pub mode: Mode,
    pub needs: Vec<Need>,
}

/// Days on which conferences are held. Today is always one of them, so that there is something to look at.
struct Diary<'a> {
    calendar: &'a Calendar,
    today: NaiveDate,
}

impl Diary<'_> {
    fn near(&self, day: NaiveDate) -> NaiveDate {
        if day == self.today || self.calendar.is_working_day(day) {
            return day;
        }
        // Half of what would fall on a weekend comes before it.
        let before = self.calendar.previous_working_day(day);
        if day.day().is_multiple_of(2) { before } else { self.calendar.next_working_day(day) }
    }
}

/// Every conference from `first` to `last`.
pub(super) fn conferences(
    size: Size,
    first: NaiveDate,
    last: NaiveDate,
    today: NaiveDate,
    calendar: &Calendar,
) -> Vec<Planned> {
    let diary = Diary { calendar, today };
    let a_day = f64::from(size.children_on_plan) / CHILDREN / (MAKES_A_PLAN * PLAN_DAYS);
    let begins = first - Days::new(RUN_IN);
    let mut found = Vec::new();
    let (mut day, mut owing, mut family) = (begins, 0.0, 0);
    while day <= last {
        owing += a_day;
        while owing >= 1.0 {
            owing -= 1.0;
            family += 1;
            let dice = ChaCha8Rng::seed_from_u64(size.seed.wrapping_mul(1_000_003).wrapping_add(family));
            found.extend(course(family, day, last, &diary, dice));
        }
        day = day + Days::new(1);
    }
    found.retain(|c| c.date >= first && c.date <= last);
    fill_today(&mut found, today);
    found
}

/// At least four conferences today: the next to come are brought forward. Those of six weeks, which two of one family are
/// always further apart.
fn fill_today(found: &mut [Planned], today: NaiveDate) {
    let missing = 4usize.saturating_sub(found.iter().filter(|c| c.date == today).count());
    let soon = today + Days::new(42);
    let mut next: Vec<&mut Planned> =
        found.iter_mut().filter(|c| c.date > today && c.date <= soon && !c.kind.is_initial()).collect();
    next.sort_by_key(|c| c.date);
    for conference in next.into_iter().take(missing) {
        conference.date = today;
    }
    // The chair who signs in to the demonstration has a part of them.
    for conference in found.iter_mut().filter(|c| c.date == today).step_by(2) {
        conference.chair = 0;
    }
}

/// One family's conferences.
fn course(
    family: u64,
    referred: NaiveDate,
    last: NaiveDate,
    diary: &Diary<'_>,
    mut dice: ChaCha8Rng,
) -> Vec<Planned> {
    let kind = match dice.random_range(0..100) {
        0..10 => ConferenceType::PreBirth,
        10..14 => ConferenceType::TransferIn,
        _ => ConferenceType::Initial,
    };
    let children = match dice.random_range(0..100) {
        _ if kind == ConferenceType::PreBirth => 1,
        0..45 => 1,
        45..73 => 2,
        73..90 => 3,
        _ => 4,
    };
    let category = match dice.random_range(0..100) {
        0..46 => Category::Neglect,
        46..83 => Category::Emotional,
        83..91 => Category::Physical,
        91..95 => Category::Sexual,
        _ => Category::Multiple,
    };
    let locality = dice.random_range(0..LOCALITIES.len());
    let mode = match dice.random_range(0..100) {
        0..25 => Mode::Room,
        25..40 => Mode::Video,
        _ => Mode::Hybrid,
    };
    let chair = dice.random_range(0..CHAIRS.len());
    let needs = needs(kind, children, &mut dice);
    let strategy_discussion = diary.calendar.next_working_day(referred);
    let wait = if dice.random_bool(0.82) { dice.random_range(8..=15) } else { dice.random_range(16..=24) };
    let date = diary.near(diary.calendar.add_working_days(strategy_discussion, wait));
    let makes_a_plan = dice.random_bool(MAKES_A_PLAN);
    let decision = if makes_a_plan { Decision::PlanMade } else { no_plan(&mut dice) };
    let mut next = Planned {
        family,
        date,
        kind,
        decisions: vec![decision; children as usize],
        adjourned: None,
        strategy_discussion: Some(strategy_discussion),
        known_since: strategy_discussion,
        children: (0..children).collect(),
        category,
        locality,
        chair,
        mode,
        needs,
    };
    let mut course = Vec::new();
    let mut reviews = 0;
    while next.date <= last {
        let is_to_come = next.date >= diary.today;
        if !is_to_come && dice.random_bool(0.035) && next.kind != ConferenceType::Reconvened {
            let days =
                if dice.random_bool(0.8) { dice.random_range(4..=10) } else { dice.random_range(11..=16) };
            let again = diary.near(diary.calendar.add_working_days(next.date, days));
            let known_since = next.date;
            course.push(Planned { decisions: Vec::new(), adjourned: Some(why(&mut dice)), ..next.clone() });
            next = Planned {
                date: again,
                kind: ConferenceType::Reconvened,
                strategy_discussion: None,
                known_since,
                ..next
            };
            continue;
        }
        course.push(next.clone());
        let goes_on = |d: &Decision| matches!(d, Decision::PlanMade | Decision::PlanContinues);
        let decided = next.children.iter().zip(&next.decisions);
        let still: Vec<u32> = decided.filter(|(_, d)| goes_on(d)).map(|(child, _)| *child).collect();
        // The next is agreed on at each conference: what follows one to come is not booked yet.
        if still.is_empty() || is_to_come {
            break;
        }
        let due = add_months(next.date, if reviews == 0 { 3 } else { 6 });
        let date = if dice.random_bool(0.93) {
            let early = diary.near(due - Days::new(dice.random_range(2..16)));
            if early > due { due } else { early }
        } else {
            due + Days::new(dice.random_range(1..15))
        };
        let ends = dice.random_bool(ENDS[reviews.min(ENDS.len() - 1)]);
        reviews += 1;
        let known_since = next.date;
        next = Planned {
            date: diary.near(date),
            kind: if reviews == 1 { ConferenceType::FirstReview } else { ConferenceType::Review },
            decisions: reviewed(still.len(), ends, reviews < ENDS.len(), &mut dice),
            children: still,
            strategy_discussion: None,
            known_since,
            ..next
        };
    }
    course
}

/// What a review decides for each child. Most siblings go together; now and then one stays on a plan alone, or
/// leaves it alone, and nobody turns 18 but the eldest.
fn reviewed(children: usize, ends: bool, may_go_on: bool, dice: &mut ChaCha8Rng) -> Vec<Decision> {
    let together = if ends { ending(dice) } else { Decision::PlanContinues };
    let decide = |n: usize| match together {
        together if n == 0 => together,
        Decision::PlanContinues if dice.random_bool(0.06) => Decision::PlanEndedLookedAfter,
        Decision::PlanEndedTurned18 => Decision::PlanContinues,
        ended if ended.ends_plan() && may_go_on && dice.random_bool(0.15) => Decision::PlanContinues,
        together => together,
    };
    (0..children).map(decide).collect()
}

fn needs(kind: ConferenceType, children: u32, dice: &mut ChaCha8Rng) -> Vec<Need> {
    let mut needs = vec![Need::SocialCare, Need::Police];
    if kind == ConferenceType::PreBirth {
        needs.extend([Need::Midwife, Need::HealthVisitor]);
    } else {
        let (small, at_school) = match dice.random_range(0..100) {
            0..30 => (true, false),
            30..60 if children > 1 => (true, true),
            _ => (false, true),
        };
        if small {
            needs.push(Need::HealthVisitor);
            if dice.random_bool(0.45) {
                needs.push(Need::Nursery(dice.random_range(0..NURSERIES)));
            }
        }
        if at_school {
            let school = dice.random_range(0..SCHOOLS);
            needs.push(Need::School(school));
            if children > 2 {
                needs.push(Need::School((school + 1) % SCHOOLS));
            }
            if dice.random_bool(0.75) {
                needs.push(Need::SchoolNurse);
            }
        }
    }
    needs.push(Need::Surgery(dice.random_range(0..SURGERIES)));
    for (share, need) in [
        (0.12, Need::Camhs),
        (0.18, Need::AdultMentalHealth),
        (0.28, Need::DomesticAbuse),
        (0.2, Need::SubstanceMisuse),
        (0.16, Need::Housing),
        (0.12, Need::Probation),
        (0.04, Need::YouthJustice),
        (0.06, Need::Hospital),
        (0.05, Need::AdultSocialCare),
        (0.14, Need::Charity),
    ] {
        if dice.random_bool(share) {
            needs.push(need);
        }
    }
    needs
}

fn no_plan(dice: &mut ChaCha8Rng) -> Decision {
    match dice.random_range(0..10) {
        0..7 => Decision::NoPlanChildInNeed,
        7..9 => Decision::NoPlanEarlyHelp,
        _ => Decision::NoPlanNoFurtherAction,
    }
}

fn ending(dice: &mut ChaCha8Rng) -> Decision {
    match dice.random_range(0..100) {
        0..60 => Decision::PlanEndedChildInNeed,
        60..74 => Decision::PlanEndedEarlyHelp,
        74..79 => Decision::PlanEndedNoFurtherAction,
        79..92 => Decision::PlanEndedLookedAfter,
        92..98 => Decision::PlanEndedMoved,
        98 => Decision::PlanEndedTurned18,
        _ => Decision::PlanEndedLeftUk,
    }
}

fn why(dice: &mut ChaCha8Rng) -> AdjournmentReason {
    use AdjournmentReason::{AgencyOrReportMissing, Family, Inquorate, Interpreter, NewInformation};
    let why = [Inquorate, Inquorate, AgencyOrReportMissing, Family, Family, Interpreter, NewInformation];
    *why.choose(dice).expect("not empty")
}
