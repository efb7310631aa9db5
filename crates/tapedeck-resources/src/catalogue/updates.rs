//! What CloudFormation does to a resource when a property of it changes.

use super::attributes::line_in;

/// The table, a header and then one type a line, sorted by name.
pub(super) const TABLE: &str = include_str!("../../data/cloudformation-updates.tsv");

/// What the properties of a type mean for an update. Paths have `/` between their names and `*` for any item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Updates {
    /// Properties whose change needs another resource.
    pub replaced_by: Vec<&'static str>,
    /// Properties whose change may need another resource, depending on what else there is.
    pub perhaps_replaced_by: Vec<&'static str>,
    /// Properties whose change interrupts what the resource does.
    pub interrupted_by: Vec<&'static str>,
}

/// What the properties of a type mean. Nothing for a type that is not known, or that somebody else answers for.
#[must_use]
pub fn of(type_name: &str) -> Option<Updates> {
    if type_name == "AWS::CloudFormation::CustomResource" {
        return None;
    }
    line_in(TABLE, type_name).and_then(row)
}

/// A line of the table. A test sees to it that each is one.
pub(super) fn row(line: &'static str) -> Option<Updates> {
    let words = |column: &'static str| column.split(' ').filter(|word| *word != "-").collect();
    let mut columns = line.split('\t').skip(1);
    Some(Updates {
        replaced_by: words(columns.next()?),
        perhaps_replaced_by: words(columns.next()?),
        interrupted_by: words(columns.next()?),
    })
}
