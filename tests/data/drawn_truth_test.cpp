#include "data/drawn/truth.h"

#include "tests/data/scratch.h"

namespace palimpsest::data::drawn {
namespace {

TEST(DrawnTruth, RefusesNumbersThatCannotBeRight) {
  const Scratch set;
  const auto refuses = [&](const std::string& numbers, const std::string& problem) {
    set.file("truth/truth.csv",
             "id,part,person,emotion,width,height,mask_row,action_units\na,train,p,," + numbers + ",\n");
    expect_error_with({"truth.csv, row 2", problem}, [&] { load_truth(set.path()); });
  };
  refuses("0,64,-1", "width 0");
  refuses("64,-3,-1", "height -3");
  refuses("64,64,-2", "mask_row -2");
  refuses("64,64,2147483647", "mask_row 2147483647");
  refuses("4294967360,64,-1", "width 4294967360");
}

}  // namespace
}  // namespace palimpsest::data::drawn
