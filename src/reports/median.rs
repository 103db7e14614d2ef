//! The median of whole numbers (M16: working days to reply): the one in the middle, or halfway between the two.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A median, in halves: that of whole numbers is whole, or a half more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Median(u32);

impl Median {
    /// The median of these; `None` of nothing.
    pub fn of(mut all: Vec<u32>) -> Option<Self> {
        all.sort_unstable();
        let middle = all.len() / 2;
        match all.len() {
            0 => None,
            n if n % 2 == 1 => Some(Self(2 * all[middle])),
            _ => Some(Self(all[middle - 1] + all[middle])),
        }
    }
}

impl std::fmt::Display for Median {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let half = if self.0 % 2 == 1 { ".5" } else { "" };
        write!(f, "{}{half}", self.0 / 2)
    }
}

impl Serialize for Median {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / 2.0)
    }
}

impl<'de> Deserialize<'de> for Median {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self((f64::deserialize(deserializer)? * 2.0).round() as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one_or_halfway_between_the_two() {
        for (all, median) in [
            (vec![], None),
            (vec![3], Some("3")),
            (vec![9, 0, 1], Some("1")),
            (vec![4, 1, 2, 3], Some("2.5")),
            (vec![0, 0, 4, 10], Some("2")),
        ] {
            assert_eq!(Median::of(all.clone()).map(|m| m.to_string()).as_deref(), median, "{all:?}");
        }
    }
}
