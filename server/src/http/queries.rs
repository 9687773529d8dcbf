//! Questions about events: from parameters to typed queries, and their answers.

use eventhub_core::limits::FUNNEL_STEPS_MAX;
use eventhub_core::query::{CohortQuery, Filter, FunnelQuery, Range, Step};
use eventhub_core::{TimeMs, parse_date, parse_end_date};

use super::answer::{Answer, EventObject};
use super::error::ApiError;
use super::params::Params;
use crate::engine::Engine;

/// `/events/types`
pub(super) async fn event_types(engine: &dyn Engine, _: Params) -> Result<Answer, ApiError> {
    let mut types = engine.event_types().await?;
    types.sort_by_cached_key(|name| (name.to_lowercase(), name.clone()));
    Ok(Answer::json(&types))
}

/// `/events/keys`
pub(super) async fn event_keys(engine: &dyn Engine, params: Params) -> Result<Answer, ApiError> {
    Ok(Answer::json(&engine.event_keys(params.required("event_type")?).await?))
}

/// `/events/values`
pub(super) async fn event_values(engine: &dyn Engine, params: Params) -> Result<Answer, ApiError> {
    let (event_type, key) = (params.required("event_type")?, params.required("event_key")?);
    let prefix = params.first("prefix").unwrap_or_default();
    Ok(Answer::json(&engine.event_values(event_type, key, prefix).await?))
}

/// `/events/view`
pub(super) async fn view(engine: &dyn Engine, params: Params) -> Result<Answer, ApiError> {
    let id = params.number("event_id")?;
    let event = engine.event(id).await?.ok_or(ApiError::NoEvent(id))?;
    Ok(Answer::json(&EventObject(event)))
}

/// `/events/funnel`
pub(super) async fn funnel(engine: &dyn Engine, params: Params) -> Result<Answer, ApiError> {
    Ok(Answer::json(&engine.funnel_counts(funnel_query(&params)?).await?))
}

/// `/events/cohort`
pub(super) async fn cohort(engine: &dyn Engine, params: Params) -> Result<Answer, ApiError> {
    Ok(Answer::json(&engine.cohort(cohort_query(&params)?).await?))
}

fn funnel_query(params: &Params) -> Result<FunnelQuery, ApiError> {
    let start = date(params, "start_date")?;
    let range = Range::new(start, parse_end_date("end_date", params.required("end_date")?)?)?;
    let names = params.list("funnel_steps");
    check_step_numbers(params, names.len())?;
    if names.len() <= FUNNEL_STEPS_MAX && names.iter().any(String::is_empty) {
        return Err(ApiError::Missing("funnel_steps[]"));
    }
    let mut every_step = filters(params, "efk", "efv")?;
    every_step.extend(filters(params, "eck", "ecv")?);
    let steps =
        names.into_iter().take(FUNNEL_STEPS_MAX + 1).enumerate().map(|(step, event_type)| {
            let mut all = every_step.clone();
            all.extend(filters(params, &format!("efk{step}"), &format!("efv{step}"))?);
            Ok(Step { event_type, filters: all })
        });
    let steps = steps.collect::<Result<_, ApiError>>()?;
    let days = params.number("num_days_to_complete_funnel")?;
    Ok(FunnelQuery::new(range, steps, days, filters(params, "ufk", "ufv")?)?)
}

fn cohort_query(params: &Params) -> Result<CohortQuery, ApiError> {
    let (first, last) = (date(params, "start_date")?, date(params, "end_date")?);
    let row = Step {
        event_type: params.required("row_event_type")?.to_string(),
        filters: filters(params, "refk", "refv")?,
    };
    let column = Step {
        event_type: params.required("column_event_type")?.to_string(),
        filters: filters(params, "cefk", "cefv")?,
    };
    let (days, columns) = (params.number("num_days_per_row")?, params.number("num_columns")?);
    let user_filters = filters(params, "ufk", "ufv")?;
    Ok(CohortQuery::new(first, last, days, columns, (row, column), user_filters)?)
}

fn date(params: &Params, name: &'static str) -> Result<TimeMs, ApiError> {
    Ok(parse_date(name, params.required(name)?)?)
}

/// Equalities, whose keys and values stand in two lists.
pub(super) fn filters(params: &Params, keys: &str, values: &str) -> Result<Vec<Filter>, ApiError> {
    let (found_keys, found_values) = (params.list(keys), params.list(values));
    if found_keys.len() != found_values.len() {
        let message = format!(
            "{} keys are given and {} values in {values}[]",
            found_keys.len(),
            found_values.len()
        );
        return Err(ApiError::Parameter { param: format!("{keys}[]"), message });
    }
    let pairs = found_keys.into_iter().zip(found_values);
    Ok(pairs.map(|(key, value)| Filter::is(key, value)).collect())
}

/// Refuses `efkN` and `efvN` for a step that the funnel does not have: ignored, they would make the
/// answer look filtered when it is not.
fn check_step_numbers(params: &Params, steps: usize) -> Result<(), ApiError> {
    for (name, _) in params.iter() {
        let number = name.strip_prefix("efk").or_else(|| name.strip_prefix("efv"));
        let Some(number) = number.map(|rest| rest.strip_suffix("[]").unwrap_or(rest)) else {
            continue;
        };
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let is_step = number.parse().is_ok_and(|step: usize| step < steps);
        if !is_step || (number.len() > 1 && number.starts_with('0')) {
            let message = format!("there is no step {number}; the steps are counted from 0");
            return Err(ApiError::Parameter { param: name.to_string(), message });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use eventhub_core::query::Test;

    use super::*;

    fn params(query: &str) -> Params {
        Params::parse(query.as_bytes(), b"").unwrap()
    }

    fn refused_param(error: &ApiError) -> String {
        let body: serde_json::Value = serde_json::from_slice(error.response().body()).unwrap();
        assert_eq!(error.response().status(), 400);
        body["error"]["param"].as_str().unwrap().to_string()
    }

    const FUNNEL: &str = "start_date=20130101&end_date=20130131&funnel_steps[]=a&funnel_steps[]=b\
                          &num_days_to_complete_funnel=7";
    const COHORT: &str = "start_date=20130101&end_date=20130107&row_event_type=a&column_event_type=b\
                          &num_days_per_row=1&num_columns=3";

    #[test]
    fn filters_go_to_their_steps() {
        let query = format!(
            "{FUNNEL}&efk[]=k&efv[]=v&eck=c&ecv=w&efk1[]=x&efv1[]=1&efk1=y&efv1=2&ufk=u&ufv=3"
        );
        let query = funnel_query(&params(&query)).unwrap();
        let shown = |filters: &[Filter]| {
            let value = |filter: &Filter| match &filter.test {
                Test::Text { values, .. } => values.join(","),
                other => format!("{other:?}"),
            };
            filters.iter().map(|f| format!("{}={}", f.key, value(f))).collect::<Vec<_>>().join(" ")
        };
        let steps: Vec<_> = query.steps().iter().map(|step| shown(&step.filters)).collect();
        assert_eq!(steps, ["k=v c=w", "k=v c=w x=1 y=2"]);
        assert_eq!(shown(query.user_filters()), "u=3");

        let query = format!("{COHORT}&refk[]=r&refv[]=1&cefk=c&cefv=2&ufk[]=u&ufv[]=3&efk=i");
        let query = cohort_query(&params(&query)).unwrap();
        assert_eq!(shown(&query.row().filters), "r=1");
        assert_eq!(shown(&query.column().filters), "c=2");
        assert_eq!(shown(query.user_filters()), "u=3");
        assert_eq!((query.rows(), query.columns()), (7, 3));
    }

    /// `base` with the parameter of `change` set, or removed when it has no `=`.
    fn changed(base: &str, change: &str) -> String {
        let name = change.split('=').next().unwrap();
        let kept = base.split('&').filter(|pair| pair.split('=').next() != Some(name));
        let mut pairs: Vec<&str> = kept.collect();
        if change.contains('=') {
            pairs.push(change);
        }
        pairs.join("&")
    }

    #[test]
    fn a_funnel_that_makes_no_sense_is_refused_by_name() {
        let check = |change: &str, param: &str| {
            let error = funnel_query(&params(&changed(FUNNEL, change))).unwrap_err();
            assert_eq!(refused_param(&error), param, "{change}");
        };
        check("start_date", "start_date");
        check("start_date=2013-13-45", "start_date");
        check("end_date=20121231", "end_date");
        check("end_date=99999999999", "end_date");
        check("end_date=22010102", "end_date");
        check("start_date=22010101", "start_date");
        check("funnel_steps[]", "funnel_steps[]");
        check("funnel_steps[]=", "funnel_steps[]");
        for days in ["", "=", "=0", "=-1", "=x", "=1.5", "=100001", "=99999999999999999999"] {
            let name = "num_days_to_complete_funnel";
            check(&format!("{name}{days}"), name);
        }
        check("efk[]=a", "efk[]");
        check("efv=a", "efk[]");
        check("eck=a", "eck[]");
        check("efv1[]=a", "efk1[]");
        check("ufk[]=a", "ufk[]");
        check("efk2[]=a", "efk2[]");
        check("efv99999999999999999999=a", "efv99999999999999999999");
        check("efk01=a", "efk01");
        let many = format!("{FUNNEL}{}", "&funnel_steps[]=x".repeat(31));
        assert_eq!(refused_param(&funnel_query(&params(&many)).unwrap_err()), "funnel_steps[]");
    }

    #[test]
    fn a_funnel_may_end_with_the_last_day_that_is_stored() {
        let query = funnel_query(&params(&changed(FUNNEL, "end_date=22010101"))).unwrap();
        assert_eq!(query.range().end_ms(), TimeMs::MAX.ms() + 1);
        assert!(cohort_query(&params(&changed(COHORT, "end_date=22001231"))).is_err_and(|error| {
            // The last day of a cohort is taken; so many rows are not.
            refused_param(&error) == "num_columns"
        }));
        let error = cohort_query(&params(&changed(COHORT, "end_date=22010101"))).unwrap_err();
        assert_eq!(refused_param(&error), "end_date");
    }

    #[test]
    fn a_cohort_that_makes_no_sense_is_refused_by_name() {
        let check = |change: &str, param: &str| {
            let error = cohort_query(&params(&changed(COHORT, change))).unwrap_err();
            assert_eq!(refused_param(&error), param, "{change}");
        };
        check("end_date=20121231", "end_date");
        check("row_event_type", "row_event_type");
        check("column_event_type=", "column_event_type");
        for name in ["num_days_per_row", "num_columns"] {
            for value in ["", "=", "=0", "=-1", "=x", "=4294967296", "=4294967295"] {
                check(&format!("{name}{value}"), name);
            }
        }
        check("refk=a", "refk[]");
        check("cefv[]=a", "cefk[]");
        check("num_columns=99999", "num_columns");
    }
}
