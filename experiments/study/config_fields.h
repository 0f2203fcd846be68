#pragma once
#include "experiments/study/config.h"

// The one list of all keys. `visit(group, key, member)` is called for each; group "" is the top of the file. Reading,
// checking and writing down a config all go through it, so that no key can be read but not recorded.
namespace palimpsest {

template <typename Stage, typename Visit>
void visit_stage(const char* group, Stage& s, Visit&& visit) {
  visit(group, "preset", s.preset);
  visit(group, "epochs", s.epochs);
  visit(group, "batch", s.batch);
  visit(group, "rate", s.rate);
  visit(group, "momentum", s.momentum);
  visit(group, "weight_decay", s.weight_decay);
  visit(group, "loss", s.loss);
  visit(group, "gamma", s.gamma);
  visit(group, "class_weights", s.class_weights);
  visit(group, "beta", s.beta);
  visit(group, "augment", s.augment);
  visit(group, "patience", s.patience);
  visit(group, "clip_norm", s.clip_norm);
  visit(group, "warmup_steps", s.warmup_steps);
  visit(group, "plain_epochs", s.plain_epochs);
  visit(group, "slow_epochs", s.slow_epochs);
}

template <typename Config, typename Visit>
void visit_measures(Config& c, Visit&& visit) {
  visit("explain", "rules", c.explain.rules);
  visit("explain", "dialect", c.explain.dialect);
  visit("explain", "normalise", c.explain.normalise);
  visit("explain", "emotions", c.explain.emotions);
  visit("explain", "limit", c.explain.limit);
  visit("concept", "repeats", c.concept_test.repeats);
  visit("concept", "exploratory_repeats", c.concept_test.exploratory_repeats);
  visit("concept", "c", c.concept_test.c);
  visit("concept", "standardise", c.concept_test.standardise);
  visit("concept", "folds", c.concept_test.folds);
  visit("concept", "min_positives", c.concept_test.min_positives);
  visit("concept", "bottom_cut", c.concept_test.bottom_cut);
  visit("concept", "seed", c.concept_test.seed);
  visit("null", "seeds", c.null.seeds);
  visit("action_units", "emotions", c.units.emotions);
  visit("action_units", "pain", c.units.pain);
  visit("action_units", "pain_sometimes", c.units.pain_sometimes);
  visit("report", "pictures", c.report_pictures);
}

template <typename Config, typename Visit>
void visit_config(Config& c, Visit&& visit) {
  visit("", "emotion", c.emotion);
  visit("", "pain", c.pain);
  visit("", "concepts", c.concepts);
  visit("", "drawn", c.drawn);
  visit("", "hypotheses", c.hypotheses);
  visit("data", "crop", c.data.crop);
  visit("data", "margin", c.data.margin);
  visit("data", "normalisation", c.data.normalisation);
  visit("data", "drop_classes", c.data.drop_classes);
  visit("data", "validation_share", c.data.validation_share);
  visit("data", "test_participants", c.data.test_participants);
  visit("data", "pain_images", c.data.pain_images);
  visit("data", "pain_validation", c.data.pain_validation);
  visit("data", "split_seed", c.data.split_seed);
  visit("data", "cache", c.data.cache);
  visit("model", "size", c.model.size);
  visit("model", "width", c.model.width);
  visit("model", "head", c.model.head);
  visit("model", "hidden", c.model.hidden);
  visit("model", "init", c.model.init);
  visit("model", "head_init", c.model.head_init);
  visit("model", "seed", c.model.seed);
  visit("train", "cache_limit", c.cache_limit);
  visit_stage("train.emotion", c.train_emotion, visit);
  visit_stage("train.pain", c.train_pain, visit);
  visit_stage("train.retrain", c.train_retrain, visit);
  visit_measures(c, visit);
}

}  // namespace palimpsest
