#include "base/json.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace palimpsest {

namespace {

struct Row {
  int k = 0;
  std::optional<double> auc;
};
PALIMPSEST_JSON(Row, k, auc)

template <typename T>
void refuses(const char* text) {
  EXPECT_THROW(Json::parse(text).get<T>(), Json::exception) << text;
}

TEST(Json, WholeNumbersAreTakenAsTheyAre) {
  EXPECT_EQ(Json::parse("-2147483648").get<int>(), INT32_MIN);
  EXPECT_EQ(Json::parse("18446744073709551615").get<std::uint64_t>(), UINT64_MAX);
  EXPECT_EQ(Json::parse("[1, 2]").get<std::vector<int>>(), (std::vector{1, 2}));
  EXPECT_TRUE(Json::parse("true").get<bool>());
}

TEST(Json, WholeNumbersThatDoNotFitAreRefused) {
  refuses<int>("2147483648");
  refuses<int>("1099511627776");
  refuses<int>("1e300");
  refuses<int>("1.0");
  refuses<int>("true");
  refuses<int>("\"1\"");
  refuses<std::uint64_t>("-1");
  refuses<std::vector<int>>("[1, 1e10]");
  refuses<std::map<std::string, int>>(R"({"a": 2147483648})");
}

TEST(Json, OptionalValuesAreNullWhenMissing) {
  const Row row = Json::parse(R"({"k": 3, "auc": null})").get<Row>();
  EXPECT_EQ(row.k, 3);
  EXPECT_FALSE(row.auc);
  EXPECT_EQ(Json(Row{3, 0.5}).dump(), R"({"auc":0.5,"k":3})");
  EXPECT_EQ(Json(row).dump(), R"({"auc":null,"k":3})");
}

}  // namespace
}  // namespace palimpsest
