//! The sentences of a verdict, each of bounded length.

use super::Place;

/// One range less than places keep, which shows whether there are more.
const MOST_RANGES_SHOWN: usize = 4;

pub(super) fn lost(lost: u64, places: &[Place]) -> Option<String> {
    let all = counted(lost, "record is lost", "records are lost");
    by_place(lost, places, all, "in other sources", |place| {
        format!("lost {}", counted(place.count, "record", "records"))
    })
}

pub(super) fn duplicated(duplicated: u64, places: &[Place]) -> Option<String> {
    let all = counted(duplicated, "line is a duplicate", "lines are duplicates");
    by_place(duplicated, places, all, "in other sources", |place| {
        format!("has {}", counted(place.count, "duplicate", "duplicates"))
    })
}

pub(super) fn torn(torn: u64) -> Option<String> {
    let all = counted(torn, "line is torn", "lines are torn");
    (torn > 0).then(|| format!("{all}: pieces of stamped lines, or changed on their way"))
}

pub(super) fn foreign(foreign: u64, places: &[Place]) -> Option<String> {
    let all = counted(foreign, "line is no part of the run", "lines are no part of the run");
    by_place(foreign, places, all, "without a stamp or in other sources", |place| {
        let lines = counted(place.count, "line that is", "lines that are");
        format!("has {lines} no part of the run")
    })
}

pub(super) fn altered(altered: u64, sources: &[u64]) -> Option<String> {
    let all = counted(altered, "source is altered", "sources are altered");
    let sources = listed(altered, sources);
    (altered > 0).then(|| {
        format!("{all}: {sources}; every record has come once, but some with other content")
    })
}

pub(super) fn unended(unended: u64, sources: &[u64]) -> Option<String> {
    let all = counted(unended, "source has no end mark", "sources have no end mark");
    let sources = listed(unended, sources);
    (unended > 0).then(|| format!("{all}: {sources}; records may be missing at the end"))
}

/// The clauses of the places; behind what they are in `all` and before what they leave out, unless
/// one place is all.
fn by_place(
    count: u64,
    places: &[Place],
    all: String,
    elsewhere: &str,
    found: impl Fn(&Place) -> String,
) -> Option<String> {
    let clause =
        |place: &Place| format!("source {} {}: {}", place.source, found(place), items(place));
    let named: u64 = places.iter().map(|place| place.count).fold(0, u64::saturating_add);
    match places {
        _ if count == 0 => None,
        [] => Some(all),
        [place] if named == count => Some(clause(place)),
        places => {
            let rest = (named < count).then(|| format!("{} {elsewhere}", count - named));
            let clauses = places.iter().map(clause);
            Some([all].into_iter().chain(clauses).chain(rest).collect::<Vec<_>>().join("; "))
        }
    }
}

/// The sequences of a place, and its end mark.
fn items(place: &Place) -> String {
    let ranges = place.ranges.iter().map(|range| match range.end.saturating_sub(1) {
        last if last == range.start => last.to_string(),
        last => format!("{} to {last}", range.start),
    });
    let more = (place.ranges.len() > MOST_RANGES_SHOWN).then(|| "more".to_owned());
    let end_mark = place.end_mark.then(|| "the end mark".to_owned());
    ranges.take(MOST_RANGES_SHOWN).chain(more).chain(end_mark).collect::<Vec<_>>().join(", ")
}

fn listed(count: u64, sources: &[u64]) -> String {
    let named = sources.len() as u64;
    let more = (named < count).then(|| format!("{} more", count - named));
    sources.iter().map(u64::to_string).chain(more).collect::<Vec<_>>().join(", ")
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A place with these ranges, the last sequence included.
    fn place(source: u64, ranges: &[(u64, u64)], end_mark: bool) -> Place {
        let mut place = Place::in_source(source);
        ranges.iter().for_each(|&(first, last)| place.add(first..last + 1, 1));
        place.add_end_marks(u64::from(end_mark));
        place
    }

    #[test]
    fn one_place_needs_no_sum() {
        let places = [place(3, &[(17, 17), (100, 103)], false)];
        assert_eq!(lost(5, &places).unwrap(), "source 3 lost 5 records: 17, 100 to 103");
        let places = [place(3, &[(17, 17)], true)];
        assert_eq!(duplicated(2, &places).unwrap(), "source 3 has 2 duplicates: 17, the end mark");
        assert_eq!(foreign(1, &[]).unwrap(), "1 line is no part of the run");
        assert_eq!(lost(0, &[]), None);
    }

    #[test]
    fn several_places_are_summed_up() {
        let places = [place(3, &[(17, 17)], false), place(4, &[(0, 1)], false)];
        assert_eq!(
            foreign(10, &places).unwrap(),
            "10 lines are no part of the run; source 3 has 1 line that is no part of the run: 17; \
             source 4 has 2 lines that are no part of the run: 0 to 1; \
             7 without a stamp or in other sources"
        );
        assert_eq!(
            unended(9, &[1, 2]).unwrap(),
            "9 sources have no end mark: 1, 2, 7 more; records may be missing at the end"
        );
    }

    #[test]
    fn sentences_are_bounded() {
        let (mut count, mut places) = (0, Vec::new());
        for source in 0..1000 {
            let mut place = Place::in_source(u64::MAX - source);
            (0..1000).for_each(|n| place.add(u64::MAX - 9000 + 4 * n..u64::MAX - 8998 + 4 * n, 1));
            place.add_end_marks(1);
            place.join(&mut count, &mut places);
        }
        assert_eq!(count, 2_001_000);
        let longest = foreign(count, &places).unwrap();
        assert!(longest.len() < 1200 && longest.contains(", more, the end mark"), "{longest}");
    }
}
