//! The Yahoo streaming benchmark.

use std::collections::{BTreeSet, HashMap};
use std::time::{SystemTime, UNIX_EPOCH};

use loadgen::ysb::{ADS_PER_CAMPAIGN, CAMPAIGNS, Events, ad_id};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::fed::Fed;

const HOUR_MS: u64 = 3_600_000;

/// Events about any ad, over half a minute from `from_ms` on.
fn events(n: u64, from_ms: u64) -> String {
    let (events, mut text) = (Events::new(), Vec::new());
    let mut random = Xoshiro256PlusPlus::seed_from_u64(from_ms);
    for i in 0..n {
        let ad = random.random_range(0..CAMPAIGNS * ADS_PER_CAMPAIGN);
        events.write(ad, from_ms + i * 30_000 / n, &mut random, &mut text);
    }
    String::from_utf8(text).unwrap()
}

#[test]
fn views_are_counted_by_campaign_and_by_the_window_of_their_own_time() {
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    let mut fed = Fed::start("ysb", 1, &[]);
    // Windows long over are closed at once; those to come stay open.
    fed.send(0, &events(3000, now_ms - HOUR_MS));
    fed.send(0, "no event\n{\"ad_id\":\"an ad\",\"event_type\":\"view\"}\n");
    let unknown = events(1, now_ms).replace(r#""ad_id":""#, r#""ad_id":"none of the table's "#);
    fed.send(0, &unknown);
    fed.send(0, &events(5000, now_ms + HOUR_MS));
    let (batches, totals) = fed.end();

    let campaigns: HashMap<String, usize> =
        (0..CAMPAIGNS * ADS_PER_CAMPAIGN).map(|ad| (ad_id(ad), ad / ADS_PER_CAMPAIGN)).collect();
    let (mut all_views, mut all_closed) = (0, 0);
    for batch in &batches {
        let (mut windows, mut closed) = (BTreeSet::new(), BTreeSet::new());
        let (mut views, mut closed_views) = (0, 0);
        let (mut latest_update_ms, mut unparsed) = (None, 0);
        for line in batch.lines() {
            let event: Value = serde_json::from_str(line).unwrap_or_default();
            let Some(time) = event["event_time"].as_str() else {
                unparsed += 1;
                continue;
            };
            let campaign = campaigns.get(event["ad_id"].as_str().unwrap());
            let (Some(campaign), "view") = (campaign, event["event_type"].as_str().unwrap()) else {
                continue;
            };
            let end_ms = (time.parse::<i64>().unwrap() / 10_000 + 1) * 10_000;
            views += 1;
            windows.insert((campaign, end_ms));
            if end_ms + 10_000 <= batch.time_ms {
                closed_views += 1;
                closed.insert((campaign, end_ms));
                latest_update_ms = latest_update_ms.max(Some(batch.time_ms - end_ms));
            }
        }
        let mut found = batch.result.clone();
        let latency_ms = found.as_object_mut().unwrap().remove("window_latency_ms");
        let expected = json!({
            "views": views,
            "windows": windows.len(),
            "closed_windows": closed.len(),
            "closed_views": closed_views,
        });
        assert_eq!(found, expected);
        assert_eq!(batch.unparsed, unparsed);
        // Views come in a little later than the batch's time says.
        let later = latency_ms.map(|ms| ms.as_i64().unwrap()).zip(latest_update_ms);
        assert_eq!(later.is_some(), !closed.is_empty());
        assert!(later.is_none_or(|(ms, at_least)| (-1000..60_000).contains(&(ms - at_least))));
        all_views += views;
        all_closed += closed.len();
    }
    assert!(all_views > 2000);
    assert_eq!(totals["views"], all_views);
    assert_eq!(totals["closed_windows"], all_closed);
}
