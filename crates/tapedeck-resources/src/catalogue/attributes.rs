//! What `Fn::GetAtt` takes for each resource type of CloudFormation, and what people mean by `Arn`, `Name` and `Id`.

use std::cmp::Ordering;

/// The table, a header and then one type a line, sorted by name.
pub(super) const TABLE: &str = include_str!("../../data/cloudformation-attributes.tsv");

/// How the types begin whose attributes are up to whoever answers for them.
const CUSTOM: &str = "Custom::";

/// The type that those beginning with [`CUSTOM`] are.
const CUSTOM_RESOURCE: &str = "AWS::CloudFormation::CustomResource";

/// Types whose own ARN is in an attribute that is not named after them.
pub(super) const OWN_ARN: [(&str, &str); 10] = [
    ("AWS::BedrockAgentCore::BrowserCustom", "BrowserArn"),
    (
        "AWS::BedrockAgentCore::CodeInterpreterCustom",
        "CodeInterpreterArn",
    ),
    ("AWS::BedrockAgentCore::Runtime", "AgentRuntimeArn"),
    ("AWS::DSQL::Cluster", "ResourceArn"),
    ("AWS::EntityResolution::SchemaMapping", "SchemaArn"),
    ("AWS::FSx::DataRepositoryAssociation", "ResourceARN"),
    ("AWS::FSx::FileSystem", "ResourceARN"),
    ("AWS::FSx::Snapshot", "ResourceARN"),
    ("AWS::FSx::StorageVirtualMachine", "ResourceARN"),
    ("AWS::FSx::Volume", "ResourceARN"),
];

/// Types that have no attribute for their ARN and whose `Ref` is documented to be it. Their identifiers do not tell.
pub(super) const REF_IS_ARN: [&str; 3] = [
    "AWS::CloudFormation::Stack",
    "AWS::DMS::ReplicationInstance",
    "AWS::SecretsManager::Secret",
];

/// How a template asks for an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved<'a> {
    /// By `Ref`.
    Ref,
    /// By `Fn::GetAtt` with this attribute.
    GetAtt(&'a str),
    /// Not at all: the type has these instead.
    Unknown {
        /// All attributes of the type.
        known: Vec<&'static str>,
    },
    /// Not known: the type is not one of AWS, or newer than the table.
    UnknownType,
}

/// The names that `Fn::GetAtt` takes for a type, sorted. Nothing for a type that is not known.
///
/// Few types have attributes that a template names: `Outputs.*` stands for any output, `*` for any name.
#[must_use]
pub fn of(type_name: &str) -> Option<Vec<&'static str>> {
    find(type_name).map(|found| found.attributes)
}

/// What an attribute of a type, or one of the words `Ref`, `Arn`, `Name` and `Id`, is in a template.
///
/// The words mean what the type itself has: `Arn` of a topic is its `TopicArn`. Where no attribute has it, it is `Ref`:
/// for an ARN where that is known to be one, for a name or an id unless it is known to be something else. `Ref` works
/// for every type, known or not.
#[must_use]
pub fn resolve<'a>(type_name: &str, attribute: &'a str) -> Resolved<'a> {
    if attribute == "Ref" {
        return Resolved::Ref;
    }
    let Some(found) = find(type_name) else {
        return Resolved::UnknownType;
    };
    if found.attributes.iter().any(|known| matches(known, attribute)) {
        return Resolved::GetAtt(attribute);
    }
    let meant = match attribute {
        "Arn" => found.arn(),
        "Name" => found
            .own("Name")
            .map(Resolved::GetAtt)
            .or_else(|| found.ref_is_name().then_some(Resolved::Ref)),
        "Id" => found
            .own("Id")
            .map(Resolved::GetAtt)
            .or_else(|| (!found.ref_is_arn()).then_some(Resolved::Ref)),
        _ => None,
    };
    meant.unwrap_or(Resolved::Unknown {
        known: found.attributes,
    })
}

/// Whether a name of the table is that of an attribute.
fn matches(known: &str, attribute: &str) -> bool {
    match known.strip_suffix('*') {
        Some(start) => attribute.len() > start.len() && attribute.starts_with(start),
        None => known == attribute,
    }
}

/// A line of the table.
pub(super) struct ResourceType {
    name: &'static str,
    /// What tells one resource of the type from another. `Ref` is the only one, or one of several.
    pub(super) identifiers: Vec<&'static str>,
    pub(super) attributes: Vec<&'static str>,
}

impl ResourceType {
    fn arn(&self) -> Option<Resolved<'static>> {
        let listed = OWN_ARN.iter().find(|(name, _)| *name == self.name);
        let attribute = self
            .identifying_arn()
            .or_else(|| self.own("Arn"))
            .or(listed.map(|(_, attribute)| *attribute));
        let by_ref = || REF_IS_ARN.contains(&self.name).then_some(Resolved::Ref);
        attribute.map(Resolved::GetAtt).or_else(by_ref)
    }

    /// The identifier, where it is an ARN and AWS gives it.
    fn identifying_arn(&self) -> Option<&'static str> {
        let identifier = self.identifier().filter(|name| stem(name, "Arn").is_some())?;
        self.attributes.contains(&identifier).then_some(identifier)
    }

    /// The attribute that ends in a word and begins with the type's name or the end of it, as `TopicArn` of a topic and
    /// `FleetId` of a container fleet. The one that has more of the name goes first, then the one at the top.
    fn own(&self, word: &str) -> Option<&'static str> {
        let type_name = self.name.rsplit("::").next().unwrap_or_default();
        let rank = |attribute: &&'static str| {
            let (parents, last) = attribute.rsplit_once('.').unwrap_or(("", attribute));
            let stem = stem(last, word)?;
            let is_own = ends_with(type_name, stem) && (parents.is_empty() || !stem.is_empty());
            is_own.then_some((stem.len(), parents.is_empty()))
        };
        let mut ranked: Vec<_> = self
            .attributes
            .iter()
            .filter_map(|attribute| Some((rank(attribute)?, *attribute)))
            .collect();
        ranked.sort();
        let (best, attribute) = ranked.pop()?;
        let is_single = ranked.last().is_none_or(|(second, _)| *second != best);
        is_single.then_some(attribute)
    }

    /// The identifier, of a type that has just one.
    fn identifier(&self) -> Option<&'static str> {
        match self.identifiers[..] {
            [identifier] => Some(identifier),
            _ => None,
        }
    }

    fn ref_is_arn(&self) -> bool {
        REF_IS_ARN.contains(&self.name) || self.identifier().is_some_and(|name| stem(name, "Arn").is_some())
    }

    /// With several identifiers, as of a stage of an API, `Ref` is the one that is the type's own.
    fn ref_is_name(&self) -> bool {
        let type_name = self.name.rsplit("::").next().unwrap_or_default();
        match self.identifier() {
            Some(name) => !self.ref_is_arn() && stem(name, "Id").is_none(),
            None => self
                .identifiers
                .iter()
                .filter_map(|name| stem(name, "Name"))
                .any(|stem| ends_with(type_name, stem)),
        }
    }
}

/// A name without the word that it ends in, which may stand there in capitals.
fn stem<'a>(name: &'a str, word: &str) -> Option<&'a str> {
    name.strip_suffix(word)
        .or_else(|| name.strip_suffix(&word.to_ascii_uppercase()))
}

/// Whether a name ends so, in whatever case.
fn ends_with(name: &str, end: &str) -> bool {
    name.to_ascii_lowercase().ends_with(&end.to_ascii_lowercase())
}

fn find(type_name: &str) -> Option<ResourceType> {
    let name = if type_name.starts_with(CUSTOM) {
        CUSTOM_RESOURCE
    } else {
        type_name
    };
    line_in(TABLE, name).and_then(row)
}

/// The line of a type in a table that is sorted by it, found by halving the text. Looking at all of it is left to tests.
pub(super) fn line_in(table: &'static str, type_name: &str) -> Option<&'static str> {
    let (_, mut rows) = table.split_once('\n')?;
    while !rows.is_empty() {
        let start = rows
            .get(..rows.len() / 2)?
            .rfind('\n')
            .map_or(0, |before| before + 1);
        let (before, rest) = rows.split_at_checked(start)?;
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        match line.split('\t').next().unwrap_or_default().cmp(type_name) {
            Ordering::Equal => return Some(line),
            Ordering::Greater => rows = before,
            Ordering::Less => rows = after,
        }
    }
    None
}

/// A line of the table. A test sees to it that each is one.
pub(super) fn row(line: &'static str) -> Option<ResourceType> {
    let words = |column: &'static str| column.split(' ').filter(|word| *word != "-").collect();
    let mut columns = line.split('\t');
    Some(ResourceType {
        name: columns.next()?,
        identifiers: words(columns.next()?),
        attributes: words(columns.next()?),
    })
}
