//! Where an agency's view differs from child to child (DOMAIN 3: each agency's view, for each child it concerns).

use std::collections::BTreeMap;
use std::str::FromStr;

use super::View;
use crate::conferences::ChildId;

/// The views on single children, where they are not the one that holds for all; stored as `child=view;child=view`.
#[derive(Clone, Debug, Default, PartialEq, Eq, sea_orm::DeriveValueType)]
#[sea_orm(value_type = "String")]
pub struct ChildViews(BTreeMap<ChildId, View>);

impl ChildViews {
    /// The view on this child alone, if it has one of its own.
    pub fn on(&self, child: ChildId) -> Option<View> {
        self.0.get(&child).copied()
    }

    /// Each child with a view of its own.
    pub fn iter(&self) -> impl Iterator<Item = (ChildId, View)> + '_ {
        self.0.iter().map(|(child, view)| (*child, *view))
    }
}

impl FromIterator<(ChildId, View)> for ChildViews {
    fn from_iter<I: IntoIterator<Item = (ChildId, View)>>(views: I) -> Self {
        Self(views.into_iter().collect())
    }
}

impl std::fmt::Display for ChildViews {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let each = self.iter().map(|(child, view)| format!("{child}={}", view.code()));
        f.write_str(&each.collect::<Vec<_>>().join(";"))
    }
}

/// Text that is no list of children and views.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a child with a view")]
pub struct NoView(String);

impl FromStr for ChildViews {
    type Err = NoView;
    fn from_str(given: &str) -> Result<Self, NoView> {
        let one = |part: &str| {
            let (child, view) = part.split_once('=')?;
            Some((child.parse().ok()?, view.parse().ok()?))
        };
        let parts = given.split(';').filter(|part| !part.is_empty());
        parts.map(|part| one(part).ok_or_else(|| NoView(part.to_owned()))).collect()
    }
}
