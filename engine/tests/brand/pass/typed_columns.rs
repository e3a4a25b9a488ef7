// Columns and what is read from them borrow from the line, also through a type of one's own.

use millstream::{BadColumn, Fields, FromFields, FromText, Result, Running, StreamingContext};

struct Host<'b>(&'b str);

impl<'b> FromText<'b> for Host<'b> {
    fn from_text(text: &'b str) -> Option<Self> {
        Some(Host(text.strip_prefix("host=")?))
    }
}

struct Request<'b> {
    host: Host<'b>,
    bytes: u64,
}

impl<'b> FromFields<'b> for Request<'b> {
    fn from_fields(fields: Fields<'b>) -> std::result::Result<Self, BadColumn> {
        let (host, bytes) = FromFields::from_fields(fields)?;
        Ok(Request { host, bytes })
    }
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.fields('\t').parse::<(&str, i64)>().reduce_by_key(|a, b| a + b).print();
        lines.fields(' ').field(2).words().count_by_value().print();
        lines.fields(' ').print();
        let requests = lines.fields(',').parse::<Request<'_>>();
        requests.map(|r| (r.host.0, r.bytes)).reduce_by_key(|a, b| a.max(b)).print();
        lines.parse::<Host<'_>>().map(|host| host.0).print();
        Ok(())
    })
}

fn main() {}
