//! The second factor: time-based codes (RFC 6238) from an app on a telephone, and recovery codes for the
//! day when it is lost.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use qrcode::QrCode;
use qrcode::render::svg;
use totp_rs::{Builder, Secret, Totp};

use crate::platform::token;

/// Recovery codes that an account has.
const RECOVERY_CODES: usize = 10;

/// A new secret, as the letters and digits that an app takes.
pub(super) fn new_secret() -> String {
    let mut random = [0; 20];
    getrandom::fill(&mut random).expect("the system has random numbers");
    Secret::new_stack(random).to_base32()
}

fn codes(secret: &str, email: &str) -> Option<Totp> {
    let secret = Secret::try_from_base32(secret).ok()?;
    let codes = Builder::new().with_secret(secret).with_account_name(email.replace(':', " "));
    codes.with_issuer(Some("Quorate")).build().ok()
}

/// The step of time that a code belongs to, if it is right: thirty seconds long, and the one before and after
/// count too, for clocks differ. A code is taken once: of `last`, the step taken last, and before, none is.
pub(super) fn step(secret: &str, code: &str, now: DateTime<Utc>, last: Option<i64>) -> Option<i64> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let step = codes(secret, "")?.check(&digits, now.timestamp().unsigned_abs())?;
    i64::try_from(step).ok().filter(|step| last.is_none_or(|last| *step > last))
}

/// The secret as a picture for an app's camera: the address of an image.
pub(super) fn picture(secret: &str, email: &str) -> Option<String> {
    let address = codes(secret, email)?.to_url().ok()?;
    let picture = QrCode::new(address).ok()?.render::<svg::Color<'_>>().min_dimensions(220, 220).build();
    Some(format!("data:image/svg+xml;base64,{}", BASE64_STANDARD.encode(picture)))
}

/// New recovery codes, each good once.
pub(super) fn recovery_codes() -> Vec<String> {
    (0..RECOVERY_CODES).map(|_| format!("{}-{}", token(5), token(5))).collect()
}

/// A recovery code as it is compared: however it was typed.
pub(super) fn plain(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, SHA-1: the last six of its eight digits.
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924")] {
            assert_eq!(step(SECRET, code, at(seconds), None), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_taken_once_and_half_a_minute_early_or_late() {
        assert_eq!(step(SECRET, "287 082", at(59), None), Some(1));
        assert_eq!(step(SECRET, "287082", at(89), None), Some(1));
        assert_eq!(step(SECRET, "287082", at(120), None), None);
        assert_eq!(step(SECRET, "287082", at(59), Some(1)), None);
        assert_eq!(step(SECRET, "287083", at(59), None), None);
    }

    #[test]
    fn a_recovery_code_is_the_same_however_it_is_typed() {
        let codes = recovery_codes();
        assert_eq!(codes.len(), 10);
        assert_eq!(plain(&codes[0].to_lowercase().replace('-', " ")), plain(&codes[0]));
    }
}
