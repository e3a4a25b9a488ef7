//! What a case is told, by name: each value is taken out once, and none may be left.

use millstream::{Duration, Time};
use serde_json::{Map, Value as Json};

pub(crate) struct Params(Map<String, Json>);

impl Params {
    pub(crate) fn of(params: Json) -> Result<Params, String> {
        match params {
            Json::Object(params) => Ok(Params(params)),
            other => Err(format!("params must be an object, not {other}")),
        }
    }

    /// The value under the first of `names` that is there; nothing where none is, or it is null.
    fn take(&mut self, names: &[&str]) -> Option<Json> {
        let name = names.iter().find(|name| self.0.contains_key(**name))?;
        self.0.remove(*name).filter(|value| !value.is_null())
    }

    pub(crate) fn number(&mut self, names: &[&str]) -> Result<Option<f64>, String> {
        let Some(value) = self.take(names) else { return Ok(None) };
        value.as_f64().map(Some).ok_or_else(|| format!("{} is no number: {value}", names[0]))
    }

    pub(crate) fn whole(&mut self, names: &[&str]) -> Result<Option<i64>, String> {
        let Some(number) = self.number(names)? else { return Ok(None) };
        match number.fract() == 0.0 && number.abs() < 9e18 {
            true => Ok(Some(number as i64)),
            false => Err(format!("{} is no whole number: {number}", names[0])),
        }
    }

    pub(crate) fn list(&mut self, name: &str) -> Option<Vec<Json>> {
        match self.take(&[name])? {
            Json::Array(list) => Some(list),
            one => Some(vec![one]),
        }
    }

    pub(crate) fn time(&mut self, names: &[&str]) -> Result<Time, String> {
        let missing = || format!("{} is missing", names[0]);
        self.whole(names)?.map(Time::from_millis).ok_or_else(missing)
    }

    pub(crate) fn duration(&mut self, names: &[&str]) -> Result<Duration, String> {
        let missing = || format!("{} is missing", names[0]);
        self.whole(names)?.map(Duration::from_millis).ok_or_else(missing)
    }

    /// Whether one of `names` is there.
    pub(crate) fn has(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.0.contains_key(*name))
    }

    /// Fails where something has not been taken out.
    pub(crate) fn end(self) -> Result<(), String> {
        match self.0.keys().next() {
            Some(name) => Err(format!("not understood: params.{name}")),
            None => Ok(()),
        }
    }
}
