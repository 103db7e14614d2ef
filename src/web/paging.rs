//! A long list a page at a time.

use serde::Serialize;

/// Which rows are shown, and the way to the others.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Paging {
    /// "101 to 200 of 862".
    pub shown: String,
    pub previous: Option<String>,
    pub next: Option<String>,
}

impl Paging {
    /// The rows of a page (the first is 1; one that is not there shows the last), and the way to the others; `None` where
    /// all fit on one.
    pub fn of<T>(
        rows: Vec<T>,
        page: usize,
        size: usize,
        href: impl Fn(usize) -> String,
    ) -> (Vec<T>, Option<Self>) {
        let all = rows.len();
        if all <= size {
            return (rows, None);
        }
        let page = page.clamp(1, all.div_ceil(size));
        let first = (page - 1) * size;
        let last = all.min(first + size);
        let paging = Self {
            shown: format!("{} to {last} of {all}", first + 1),
            previous: (page > 1).then(|| href(page - 1)),
            next: (last < all).then(|| href(page + 1)),
        };
        (rows.into_iter().skip(first).take(size).collect(), Some(paging))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_on_one_page_and_the_last_page_is_the_last() {
        let page = |n| Paging::of((1..=7).collect(), n, 3, |n| format!("?page={n}"));
        let all: Vec<i32> = (1..=3).flat_map(|n| page(n).0).collect();
        assert_eq!(all, (1..=7).collect::<Vec<_>>());
        let (rows, paging) = page(99);
        let paging = paging.unwrap();
        assert_eq!((rows, paging.shown.as_str()), (vec![7], "7 to 7 of 7"));
        assert_eq!((paging.previous.as_deref(), paging.next), (Some("?page=2"), None));
        assert_eq!(Paging::of(vec![1], 1, 3, |_| String::new()), (vec![1], None));
    }
}
