//! The calendar part of a message (iCalendar, RFC 5545 and 5546): REQUEST to invite or to change, CANCEL to take
//! back, always under one UID with a higher SEQUENCE. Times are in UTC; the title names no child.

use chrono::{DateTime, TimeDelta, Utc};
use icalendar::{Calendar, Component, Event, EventLike, EventStatus, Property};
use sha2::{Digest, Sha256};

use crate::conferences::entity::conference;
use crate::invitations::entity::invitation;
use crate::mail::CalendarPart;

/// Who is asked by whom, and what the entry says.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The sender's address.
    pub organiser: &'a str,
    pub attendee: &'a str,
    /// The whole message as text: Outlook shows nothing else of it.
    pub text: &'a str,
    /// The joining link, where the recipient may have it.
    pub link: Option<&'a str>,
    /// When the message was made.
    pub now: DateTime<Utc>,
}

/// One entry for a conference and an invited service, whatever its date: two services at one mailbox have two.
fn uid(c: &conference::Model, row: &invitation::Model) -> String {
    let of = format!("{} {} {}", c.calendar_id.unwrap_or(c.id), row.service_id, row.role.to_lowercase());
    hex::encode(&Sha256::digest(of.as_bytes())[..16])
}

/// The calendar part for one recipient.
pub fn calendar_entry(
    c: &conference::Model,
    row: &invitation::Model,
    cancels: bool,
    entry: Entry<'_>,
) -> CalendarPart {
    let domain = entry.organiser.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    let method = if cancels { "CANCEL" } else { "REQUEST" };
    let mut event = Event::new();
    let ends = c.starts_at + TimeDelta::minutes(i64::from(c.minutes));
    event
        .uid(&format!("{}@{domain}", uid(c, row)))
        .sequence(c.calendar_sequence.unsigned_abs())
        .timestamp(entry.now)
        .summary(&format!("Multi-agency conference {}", c.reference))
        .description(entry.text)
        .starts(c.starts_at)
        .ends(ends)
        .class(icalendar::Class::Private)
        .status(if cancels { EventStatus::Cancelled } else { EventStatus::Confirmed });
    let places: Vec<&str> = [c.place.as_deref(), entry.link].into_iter().flatten().collect();
    if !places.is_empty() {
        event.location(&places.join(" · "));
    }
    let mut organiser = Property::new("ORGANIZER", format!("mailto:{}", entry.organiser));
    organiser.add_parameter("CN", "Conference team");
    event.append_property(organiser.done());
    // Answers come by the link, which a deputy or a report needs; an answer of the calendar would go unread.
    let mut attendee = Property::new("ATTENDEE", format!("mailto:{}", entry.attendee));
    attendee.add_parameter("ROLE", "REQ-PARTICIPANT").add_parameter("PARTSTAT", "NEEDS-ACTION");
    attendee.add_parameter("RSVP", "FALSE");
    event.append_multi_property(attendee.done());
    let mut calendar = Calendar::empty();
    calendar
        .append_property(Property::new("VERSION", "2.0"))
        .append_property(Property::new("PRODID", "-//Quorate//Conferences//EN"))
        .append_property(Property::new("CALSCALE", "GREGORIAN"))
        .append_property(Property::new("METHOD", method))
        .push(event.done());
    CalendarPart { method, text: calendar.to_string() }
}
