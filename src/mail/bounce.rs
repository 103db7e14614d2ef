//! Bounces: what a mail server says of a message that it could not deliver after all (RFC 3464), and which message that was.

use mail_parser::{Message, MessageParser, MimeHeaders, PartType};

/// A message that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounce {
    /// The Message-ID of the message that it was, with its angle brackets.
    pub message_id: String,
    /// The server's status: "5.1.1". The first that failed.
    pub status: String,
    /// The addresses that it is about: the final one, and the one that was written to where the server says it.
    pub addresses: Vec<String>,
}

impl Bounce {
    /// It is about this address. Where somebody forwards their mail, and that fails, it is not.
    pub fn is_about(&self, address: &str) -> bool {
        self.addresses.iter().any(|a| a.eq_ignore_ascii_case(address))
    }

    /// The address itself is wrong (RFC 3463: addressing, a mailbox that is shut, a host that is not there), rather than the
    /// message refused or the mailbox full.
    pub fn is_about_the_address(&self) -> bool {
        let status = self.status.as_str();
        // 5.1.7 and 5.1.8 are about the sender.
        status.starts_with("5.1.") && !matches!(status, "5.1.7" | "5.1.8")
            || matches!(status, "5.2.1" | "5.4.1" | "5.4.4")
    }
}

/// What a message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// A message came back for good.
    Failed(Bounce),
    /// A report of something else: that it is late, or that it was delivered.
    Other,
    /// No such report at all.
    None,
}

/// Bytes of a message that are looked at: a bounce is small, whatever it brings back.
pub const LARGEST: usize = 1024 * 1024;
/// The parser calls itself for each message inside another, and anybody can send ten thousand of them: so many fit into what
/// is looked at, and into this stack.
const STACK: usize = 256 * 1024 * 1024;

/// Reads a message that came in. Whoever sends it is not known, so it is read apart from everything else.
pub fn report(bytes: &[u8]) -> Report {
    if bytes.len() > LARGEST {
        return Report::None;
    }
    std::thread::scope(|scope| {
        let reader = std::thread::Builder::new().stack_size(STACK);
        let read = reader.spawn_scoped(scope, || parsed(bytes));
        read.ok().and_then(|read| read.join().ok()).unwrap_or(Report::None)
    })
}

fn parsed(bytes: &[u8]) -> Report {
    let Some(message) = MessageParser::default().parse(bytes) else { return Report::None };
    let Some(status) = delivery_status(&message) else { return Report::None };
    match (failed(&status), message_id(&message)) {
        (Some((status, addresses)), Some(message_id)) => {
            Report::Failed(Bounce { message_id, status, addresses })
        }
        _ => Report::Other,
    }
}

fn is(part: &mail_parser::MessagePart<'_>, kind: &str, subtype: &str) -> bool {
    part.content_type().is_some_and(|t| {
        t.ctype().eq_ignore_ascii_case(kind) && t.subtype().is_some_and(|s| s.eq_ignore_ascii_case(subtype))
    })
}

fn text(part: &mail_parser::MessagePart<'_>) -> String {
    String::from_utf8_lossy(part.contents()).into_owned()
}

fn delivery_status(message: &Message<'_>) -> Option<String> {
    message.parts.iter().find(|part| is(part, "message", "delivery-status")).map(text)
}

/// The status of the first recipient that failed, and its addresses. One that is delayed is not lost.
fn failed(status: &str) -> Option<(String, Vec<String>)> {
    let status = status.replace("\r\n", "\n");
    status.split("\n\n").find_map(|recipient| {
        let field = |name: &str| {
            recipient.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
        };
        let action = field("Action")?;
        action.eq_ignore_ascii_case("failed").then(|| {
            // A comment may follow: "5.1.1 (bad destination mailbox)".
            let status = field("Status").unwrap_or_default();
            let status = status.split_whitespace().next().unwrap_or("5.0.0").to_owned();
            let address = |value: String| {
                let address = value.split_once(';').map_or(value.as_str(), |(_, address)| address);
                address.trim().trim_matches(['<', '>']).to_owned()
            };
            let addresses = ["Final-Recipient", "Original-Recipient"].into_iter().filter_map(field);
            (status, addresses.map(address).collect())
        })
    })
}

/// The Message-ID of what came back: the message itself, or its headers alone.
fn message_id(message: &Message<'_>) -> Option<String> {
    message.parts.iter().find_map(|part| {
        let id = match &part.body {
            PartType::Message(returned) => returned.message_id().map(str::to_owned),
            _ if is(part, "text", "rfc822-headers") || is(part, "message", "rfc822") => {
                let headers = text(part);
                MessageParser::default().parse(headers.as_bytes())?.message_id().map(str::to_owned)
            }
            _ => None,
        }?;
        Some(format!("<{id}>"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSTFIX: &[u8] = include_bytes!("../../tests/data/bounces/unknown-user.eml");
    const ID: &str = "<0199a000-0000-7000-8000-000000000001@quorate.example>";

    #[test]
    fn a_postfix_says_which_message_came_back_and_why() {
        let Report::Failed(bounce) = report(POSTFIX) else { panic!("no bounce") };
        assert_eq!((bounce.message_id.as_str(), bounce.status.as_str()), (ID, "5.1.1"));
        assert!(bounce.is_about("Health-Visiting-North@oh.nhs.example"));
        assert!(!bounce.is_about("someone@elsewhere.example"));
        let other = include_bytes!("../../tests/data/bounces/no-such-host.eml");
        assert!(matches!(report(other), Report::Failed(Bounce { status, .. }) if status == "5.4.4"));
    }

    #[test]
    fn a_delay_is_no_bounce_and_neither_is_what_a_person_writes() {
        let late = String::from_utf8_lossy(POSTFIX).replace("Action: failed", "Action: delayed");
        assert_eq!(report(late.as_bytes()), Report::Other);
        assert_eq!(
            report(b"From: a@b.org\r\nSubject: Re: we missed you\r\n\r\nAction: failed\r\n"),
            Report::None
        );
        assert_eq!(report(b""), Report::None);
        assert_eq!(report(&vec![b'x'; LARGEST + 1]), Report::None);
        let nested = "Content-Type: message/rfc822\n\n".repeat(LARGEST / 30);
        assert_eq!(report(nested.as_bytes()), Report::None, "and the process lives");
        assert_eq!(report(&[0xff, 0x00, 0x0a]), Report::None);
    }

    #[test]
    fn an_address_is_wrong_where_the_server_says_so_and_not_where_it_refuses_us() {
        let about = |status: &str| {
            let (message_id, status) = (ID.into(), status.into());
            Bounce { message_id, status, addresses: Vec::new() }.is_about_the_address()
        };
        for status in ["5.1.1", "5.1.10", "5.2.1", "5.4.4"] {
            assert!(about(status), "{status}");
        }
        for status in ["5.7.1", "5.1.8", "5.2.2", "4.2.2", "5.3.4", "5.0.0"] {
            assert!(!about(status), "{status}");
        }
    }

    #[test]
    fn headers_alone_name_the_message_as_well_and_so_does_a_server_that_writes_lines_apart() {
        let text = String::from_utf8_lossy(POSTFIX).into_owned();
        let headers = text
            .replace("Content-Type: message/rfc822", "Content-Type: text/rfc822-headers")
            .replace("If you know something that the conference did not, please ring.\n", "")
            .replace("Status: 5.1.1", "Status: 5.1.10 (recipient not found)")
            .replace('\n', "\r\n");
        let Report::Failed(bounce) = report(headers.as_bytes()) else { panic!("no bounce") };
        assert_eq!((bounce.message_id.as_str(), bounce.status.as_str()), (ID, "5.1.10"));
        let without = text.replace("Message-ID: <0199a000", "X-Was: <0199a000");
        assert_eq!(report(without.as_bytes()), Report::Other, "nothing says which it was");
    }
}
