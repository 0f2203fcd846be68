#pragma once
#include "analysis/class_losses.h"
#include "analysis/concept.h"
#include "analysis/mcnemar.h"
#include "base/json.h"

// Results of the analysis in JSON. An infinite number is null.
namespace palimpsest::analysis {

void to_json(Json& json, const TTest& value);
void from_json(const Json& json, TTest& value);
void to_json(Json& json, const Estimate& value);
void from_json(const Json& json, Estimate& value);
void to_json(Json& json, const RankingLoss& value);
void from_json(const Json& json, RankingLoss& value);
void to_json(Json& json, const ConceptLoss& value);
void from_json(const Json& json, ConceptLoss& value);
void to_json(Json& json, const Omnibus& value);
void from_json(const Json& json, Omnibus& value);
void to_json(Json& json, const McNemar::ChiSquare& value);
void from_json(const Json& json, McNemar::ChiSquare& value);
void to_json(Json& json, const McNemar& value);
void from_json(const Json& json, McNemar& value);

}  // namespace palimpsest::analysis
