#include "nn/validation.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/support/expect_error.h"

namespace palimpsest::nn {
namespace {

// Three classes, of which the third never occurs. Worked by hand: class 0 is right in 2 of 3, class 1 in 1 of 2.
TEST(Validation, MeasuresAreThoseWorkedByHand) {
  Validation v(3);
  const std::array labels{0, 0, 1};
  const std::array<float, 9> first{2, 0, -9, 1, 0, -9, 0, 1, -9};
  v.add({0.5, 2}, labels, first);
  const std::array more{0, 1};
  const std::array<float, 6> second{0, 1, -9, 1, 0, -9};
  v.add({1, 1}, more, second);
  EXPECT_DOUBLE_EQ(v.loss(), (3 * 0.5 + 2 * 1) / 5);
  EXPECT_DOUBLE_EQ(v.accuracy(), 3.0 / 5);
  EXPECT_DOUBLE_EQ(v.recall(), (2.0 / 3 + 1.0 / 2) / 2);
  EXPECT_DOUBLE_EQ(v.score(Keep::loss), -v.loss());
  EXPECT_DOUBLE_EQ(v.score(Keep::recall), v.recall());
  EXPECT_DOUBLE_EQ(v.score(Keep::auc), v.auc());
  // Margins z0 - z1: class 0 has 2, 1, -1; class 1 has -1, 1. Pairs: 2 beats both, 1 beats one and ties one, -1 ties
  // one and loses one: 4 of 6. Class 1's odds are its negatives.
  EXPECT_NEAR(v.auc(), 4.0 / 6, 1e-4);
}

TEST(Validation, ConfidentLogitsAreStillRanked) {
  Validation v(2);
  const std::array labels{0, 1};
  const std::array<float, 4> logits{200, 0, 100, 0};  // both probabilities round to 1
  v.add({0, 1}, labels, logits);
  EXPECT_DOUBLE_EQ(v.auc(), 1);
}

TEST(Validation, TheSameAnswerForEveryPictureIsAnError) {
  const std::array<float, 6> same{1, 0.25, 1, 0.25, 1, 0.25}, other{1, 0.25, 1, 0.25, 1, 0.2500001F};
  Validation dead(2), alive(2), one_class(2);
  dead.add({0, 1}, std::array{0, 1, 0}, same);
  expect_error("emotion has learned nothing", [&] { dead.require_alive("emotion"); });
  alive.add({0, 1}, std::array{0, 1, 0}, other);
  EXPECT_NO_THROW(alive.require_alive("emotion"));
  one_class.add({0, 1}, std::array{1, 1, 1}, same);
  EXPECT_NO_THROW(one_class.require_alive("emotion")) << "it may be right";
  EXPECT_NO_THROW(Validation(2).require_alive("emotion"));
}

TEST(Validation, OneClassAloneHasNoRanking) {
  Validation v(2);
  const std::array labels{1, 1};
  const std::array<float, 4> logits{0, 1, 3, 2};
  v.add({0, 1}, labels, logits);
  EXPECT_DOUBLE_EQ(v.auc(), 0.5);
  EXPECT_DOUBLE_EQ(v.recall(), 0.5);
}

}  // namespace
}  // namespace palimpsest::nn
