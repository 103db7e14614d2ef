//! The parts of a month as they are called.

use super::parts::Split;
use crate::agencies::store::Directory;
use crate::agencies::{AgencyGroup, ServiceId};
use crate::conferences::{ConferenceType, Locality, Mode};

/// With a capital.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The weekdays on which conferences meet, with their number.
pub fn weekdays() -> impl Iterator<Item = (usize, &'static str)> {
    WEEKDAYS.into_iter().enumerate().map(|(n, name)| (n + 1, name))
}

/// A part of a split that needs no directory to be named.
pub fn word(split: Split, part: &str) -> String {
    let said = match split {
        Split::Group => part.parse::<AgencyGroup>().ok().map(|g| g.label().to_owned()),
        Split::Locality => part.parse::<Locality>().ok().map(|l| l.label().to_owned()),
        Split::Type => part.parse::<ConferenceType>().ok().map(|t| t.label().to_owned()),
        Split::Mode => part.parse::<Mode>().ok().map(|m| m.label().to_owned()),
        Split::Stage => Some(
            match part {
                "initial" => "initial conferences",
                "review" => "reviews",
                _ => "transfers, reconvened and others",
            }
            .to_owned(),
        ),
        Split::Slot => part.split_once('-').and_then(|(day, begins)| {
            let (_, name) = weekdays().find(|(n, _)| n.to_string() == day)?;
            Some(format!("{name} {begins}"))
        }),
        Split::Holiday | Split::Lens => Some(part.replace('_', " ")),
        Split::Agency | Split::Service => None,
    };
    capital(&said.unwrap_or_else(|| part.to_owned()))
}

/// A part as it is called.
pub fn part_name(split: Split, part: &str, directory: &Directory) -> String {
    match split {
        Split::Agency => {
            let found = directory.agencies.values().find(|agency| agency.code == part);
            found.map_or(part.to_owned(), |agency| agency.name.clone())
        }
        Split::Service => {
            let found = part.parse::<ServiceId>().ok().and_then(|id| directory.services.get(&id));
            found.map_or(part.to_owned(), |service| service.name.clone())
        }
        _ => word(split, part),
    }
}

/// "1 child", "3 children".
pub fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
