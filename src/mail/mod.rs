//! Mail: which addresses may be told how much, the templates, the frozen message, and its way out.

mod address;
mod bounce;
mod mailbox;
mod message;
mod reading;
mod smtp;
mod templates;
mod transport;

pub use address::{Domains, Gateway, Trust, is_address, masked};
pub use bounce::{Bounce, Report, report};
pub use mailbox::{Mailbox, MailboxError, MailboxSettings};
pub use message::{CalendarPart, Draft, Enclosed, MessageError, freeze};
pub use reading::{Letter, read};
pub use smtp::{Smtp, SmtpSecret, SmtpSettings, SmtpSignIn, SmtpTls};
pub use templates::{Rendered, TemplateError, Templates};
pub use transport::{SendError, Transport};
