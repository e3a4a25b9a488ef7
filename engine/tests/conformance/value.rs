//! A record of any shape, as the cases have them: a number, a text, a list; a pair is a list of
//! two.

use std::collections::BTreeMap;
use std::fmt;

use millstream::Key;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Value>),
    /// What an operator has grouped. Where a comparison is not about order, this is in any order.
    Group(Vec<Value>),
    Record(BTreeMap<String, Value>),
}

impl Value {
    pub(crate) fn text(text: impl Into<String>) -> Value {
        Value::Text(text.into())
    }

    pub(crate) fn pair(first: Value, second: Value) -> Value {
        Value::List(vec![first, second])
    }

    /// An absent value is a null.
    pub(crate) fn optional(value: Option<Value>) -> Value {
        value.unwrap_or(Value::Null)
    }

    pub(crate) fn int(&self) -> i64 {
        match self {
            Value::Int(n) => *n,
            other => panic!("{other} is no number"),
        }
    }

    pub(crate) fn str(&self) -> &str {
        match self {
            Value::Text(text) => text,
            other => panic!("{other} is no text"),
        }
    }

    pub(crate) fn into_list(self) -> Vec<Value> {
        match self {
            Value::List(values) | Value::Group(values) => values,
            other => panic!("{other} is no list"),
        }
    }

    pub(crate) fn into_pair(self) -> (Value, Value) {
        let pair: Result<[Value; 2], _> = self.into_list().try_into();
        let [first, second] =
            pair.unwrap_or_else(|other| panic!("{} is no pair", Value::List(other)));
        (first, second)
    }
}

/// As the original writes it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.json())
    }
}

impl Value {
    /// The value as a case would have it.
    fn json(&self) -> Json {
        let list = |values: &[Value]| values.iter().map(Value::json).collect();
        match self {
            Value::Null => Json::Null,
            Value::Bool(is) => Json::Bool(*is),
            Value::Int(n) => Json::from(*n),
            Value::Text(text) => Json::from(text.as_str()),
            Value::List(values) | Value::Group(values) => Json::Array(list(values)),
            Value::Record(fields) => {
                Json::Object(fields.iter().map(|(k, v)| (k.clone(), v.json())).collect())
            }
        }
    }
}

impl TryFrom<Json> for Value {
    type Error = String;

    fn try_from(json: Json) -> Result<Value, String> {
        Ok(match json {
            Json::Null => Value::Null,
            Json::Bool(is) => Value::Bool(is),
            Json::Number(n) => {
                Value::Int(n.as_i64().ok_or_else(|| format!("the number {n} is no i64"))?)
            }
            Json::String(text) => Value::Text(text),
            Json::Array(values) => {
                Value::List(values.into_iter().map(Value::try_from).collect::<Result<_, _>>()?)
            }
            Json::Object(fields) => {
                let fields = fields.into_iter().map(|(name, v)| Ok((name, Value::try_from(v)?)));
                Value::Record(fields.collect::<Result<_, String>>()?)
            }
        })
    }
}

fn from_case<'de, D: Deserializer<'de>>(json: D) -> Result<Vec<Vec<Value>>, D::Error> {
    let batches = Vec::<Option<Vec<Json>>>::deserialize(json)?;
    // A batch that is null had no dataset in the original; here each batch has one.
    let batch = |batch: Option<Vec<Json>>| {
        batch.unwrap_or_default().into_iter().map(Value::try_from).collect()
    };
    let values = batches.into_iter().map(batch).collect::<Result<_, String>>();
    values.map_err(serde::de::Error::custom)
}

/// Values by batch, as they stand in a case; the field may be missing, or null.
pub(crate) fn from_case_or_null<'de, D: Deserializer<'de>>(
    json: D,
) -> Result<Option<Vec<Vec<Value>>>, D::Error> {
    #[derive(Deserialize)]
    struct Batches(#[serde(deserialize_with = "from_case")] Vec<Vec<Value>>);
    Ok(Option::<Batches>::deserialize(json)?.map(|Batches(batches)| batches))
}

impl<'b> Key<'b> for Value {
    type Owned = Value;

    fn own(&self) -> Value {
        self.clone()
    }

    fn is(&self, owned: &Value) -> bool {
        self == owned
    }

    fn lend(owned: &'b Value) -> Value {
        owned.clone()
    }
}
