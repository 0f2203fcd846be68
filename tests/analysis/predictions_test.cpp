#include "analysis/predictions.h"

#include <cmath>

#include "tests/support/expect_error.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::analysis {
namespace {

class PredictionsTest : public testing::Test {
 protected:
  Predictions read(std::string_view text) {
    write_file(folder_ / "p.csv", text);
    return read_predictions(folder_ / "p.csv");
  }
  void refused(const std::string& why, std::string_view text) {
    expect_error(why, [&] { read(text); });
    expect_error("p.csv", [&] { read(text); });
  }
  const TempFolder folder_;
};

TEST_F(PredictionsTest, TheSameBitsComeBack) {
  const Predictions written{{},        2,         {"plain", "with, comma", "quo\"te"},
                            {0, 1, 1}, {0, 0, 1}, {1.0F / 3, 2.0F / 3, std::nextafter(1.0F, 0.0F), 1e-45F, 0, 1}};
  write_predictions(folder_ / "p.csv", written);
  const Predictions got = read_predictions(folder_ / "p.csv");
  EXPECT_EQ(got.classes, 2);
  EXPECT_EQ(got.ids, written.ids);
  EXPECT_EQ(got.labels, written.labels);
  EXPECT_EQ(got.predicted, written.predicted);
  EXPECT_EQ(got.probabilities, written.probabilities);
  write_predictions(folder_ / "again.csv", got);
  EXPECT_EQ(read_file(folder_ / "p.csv"), read_file(folder_ / "again.csv"));
}

TEST_F(PredictionsTest, ReadsTheDocumentedForm) {
  const Predictions got = read("id,label,predicted,p0,p1,p2\na.png,2,0,0.5,0.25,0.25\n");
  EXPECT_EQ(got.classes, 3);
  EXPECT_EQ(confusion_matrix(got).at(2, 0), 1);
}

TEST_F(PredictionsTest, NamesOfClassesAreOptional) {
  Predictions written{{}, 3, {"x", "y"}, {0, 2}, {2, 2}, {1, 0, 0, 0, 0, 1}, {"no pain", "a,b", "pain"}};
  write_predictions(folder_ / "p.csv", written);
  EXPECT_EQ(read_file(folder_ / "p.csv"),
            "id,label,predicted,p0,p1,p2,label_name,predicted_name\nx,0,2,1,0,0,no pain,pain\ny,2,2,0,0,1,pain,pain\n");
  const Predictions got = read_predictions(folder_ / "p.csv");
  EXPECT_EQ(got.classes, 3);
  EXPECT_EQ(got.names, (std::vector<std::string>{"no pain", "", "pain"})) << "nothing shows the name of class 1";
  EXPECT_EQ(got.name_of(2), "pain");
  EXPECT_EQ(got.name_of(1), "1");
  refused("row 3: class 0 is called 'b' here and 'a' before",
          "id,label,predicted,p0,p1,label_name,predicted_name\nx,0,0,1,0,a,a\ny,0,1,1,0,b,c\n");
  refused("'a' and 'A'", "id,label,predicted,p0,p1,label_name,predicted_name\nx,0,1,1,0,a,A\n");
  refused("column 6 is 'predicted_name'", "id,label,predicted,p0,p1,predicted_name,label_name\nx,0,1,1,0,a,b\n");
}

TEST_F(PredictionsTest, ProbabilitiesAreReadToRounding) {
  const Predictions got = read("id,label,predicted,p0,p1\na,0,0,1.0000001,-1e-9\n");
  EXPECT_EQ(got.probabilities, (std::vector{1.0F, 0.0F}));
}

TEST_F(PredictionsTest, RefusesWhatIsWrong) {
  refused("is empty", "");
  refused("has 3 columns", "id,label,predicted\n");
  refused("column 2 is 'truth', not 'label'", "id,truth,predicted,p0\n");
  refused("column 5 is 'p2', not 'p1'", "id,label,predicted,p0,p2\n");
  refused("row 3 repeats the id 'a' of row 2", "id,label,predicted,p0,p1\na,0,0,1,0\na,0,0,1,0\n");
  refused("row 2: the label is 2", "id,label,predicted,p0,p1\na,2,0,1,0\n");
  refused("row 2: the predicted is -1", "id,label,predicted,p0,p1\na,0,-1,1,0\n");
  refused("row 2: p1 is 1.5", "id,label,predicted,p0,p1\na,0,0,1,1.5\n");
  refused("row 2: p0 is -0.1", "id,label,predicted,p0,p1\na,0,0,-0.1,1\n");
  refused("'nan'", "id,label,predicted,p0,p1\na,0,0,nan,1\n");
  refused("'inf'", "id,label,predicted,p0,p1\na,0,0,inf,1\n");
  refused("'x'", "id,label,predicted,p0,p1\na,x,0,1,0\n");
  refused("row 2 has 4 fields", "id,label,predicted,p0,p1\na,0,0,1\n");
}

TEST_F(PredictionsTest, NamesWhatIsWrongWithTheColumns) {
  refused("its fields are separated by ;", "id;label;predicted;p0;p1\nx;0;0;0,5;0,5\n");
  refused("its fields are separated by tabs", "id\tlabel\tpredicted\tp0\tp1\nx\t0\t0\t1\t0\n");
  refused("column 6 has no name", "id,label,predicted,p0,p1,\nx,0,0,1,0,\n");
  refused("column 8 has no name", "id,label,predicted,p0,p1,label_name,predicted_name,\nx,0,0,1,0,a,a,\n");
  refused("column 8 is 'note', after predicted_name",
          "id,label,predicted,p0,p1,label_name,predicted_name,note\nx,0,0,1,0,a,a,good\n");
}

TEST_F(PredictionsTest, WritingNaNIsADefect) {
  const Predictions broken{{}, 1, {"a"}, {0}, {0}, {std::nanf("")}};
  EXPECT_THROW(write_predictions(folder_ / "p.csv", broken), ContractError);
  EXPECT_FALSE(fs::exists(folder_ / "p.csv"));
}

}  // namespace
}  // namespace palimpsest::analysis
