#include "base/safetensors.h"
#include "tests/program/toy_model.h"

namespace palimpsest {
namespace {

class WeightsCommand : public ToyModel {
 protected:
  // W.safetensors without palimpsest's metadata, as another program would save it.
  void write_bare(const fs::path& name, std::size_t tensors = 100,
                  const std::map<std::string, std::string>& metadata = {}) const {
    const SafetensorsFile file(folder / "W.safetensors");
    std::vector<SafetensorsWriter::Declaration> declarations;
    for (const auto& tensor : file.names())
      if (declarations.size() < tensors) declarations.emplace_back(tensor, file.info(tensor).shape);
    SafetensorsWriter writer(folder / name, declarations, metadata);
    for (const auto& [tensor, shape] : declarations) writer.append(file.read_floats(tensor));
    writer.commit();
  }
  void write_large() const {
    std::vector<float> pixels(std::size_t(4 * 3 * 64 * 64));
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = float(i * 7919 % 1000) / 500 - 1;
    write_npy(folder / "large.npy", pixels, std::vector<std::int64_t>{4, 3, 64, 64});
  }
  static int lines_with(const std::string& text, const std::string& part) {
    int count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
  }
};

TEST_F(WeightsCommand, ListsEveryTensorInPlainText) {
  const Outcome outcome = run({"weights", "W.safetensors"});
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_EQ(outcome.errors, "");
  const SafetensorsFile file(folder / "W.safetensors");
  for (const auto& name : file.names()) EXPECT_THAT(outcome.output, testing::HasSubstr("\n" + name + " ")) << name;
  EXPECT_THAT(outcome.output, testing::HasSubstr("8 x 3 x 3 x 3"));
  EXPECT_THAT(outcome.output, testing::HasSubstr("pictures       32 x 32\n"));
  EXPECT_THAT(outcome.output, testing::HasSubstr("torchvision (stated in the file)"));
  EXPECT_THAT(outcome.output, testing::Not(testing::HasSubstr("\x1b")));
}

TEST_F(WeightsCommand, ListsThenRefuses) {
  SafetensorsWriter writer(folder / "other.safetensors", {{"conv1.weight", {1, 1, 1, 1}}});
  writer.append(std::vector<float>{1});
  writer.commit();
  const Outcome outcome = run({"weights", "other.safetensors"});
  expect_refused(outcome, {"other.safetensors", "conv1.weight"});
  EXPECT_THAT(outcome.output, testing::HasSubstr("conv1.weight  F32   1 x 1 x 1 x 1  not part of the network"));
  expect_refused(run({"weights", "gone.safetensors"}), {"gone.safetensors"});
}

TEST_F(WeightsCommand, ConvertsAndSaysWhatItAdds) {
  write_bare("bare.safetensors");
  expect_refused(run({"weights", "bare.safetensors", "--out", "o.safetensors"}), {"bare.safetensors", "pooling"});
  expect_refused(run({"weights", "bare.safetensors", "--size", "32", "--class-names", "a", "--out", "o.safetensors"}),
                 {"--class-names names 1 classes, but bare.safetensors has 2 outputs"});
  write_unsynced(folder / "names.txt", "no pain\r\npain\n");
  const Outcome outcome = run({"weights", "bare.safetensors", "--size", "32", "--normalisation", "caffe",
                               "--class-names", "@names.txt", "--out", "o.safetensors"});
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  const SafetensorsFile before(folder / "bare.safetensors"), after(folder / "o.safetensors");
  EXPECT_EQ(after.metadata().at("classes"), "no pain,pain");
  EXPECT_EQ(after.metadata().at("normalisation"), "caffe");
  EXPECT_EQ(after.metadata().at("size"), "32");
  for (const auto& name : before.names()) EXPECT_EQ(after.read_floats(name), before.read_floats(name)) << name;
  expect_refused(run({"weights", "o.safetensors", "--out", "./o.safetensors"}), {"o.safetensors"});
  expect_refused(run({"weights", "W.safetensors", "--size", "100"}), {"--size 100"});
}

// Each assumption about another program's file is reported once.
TEST_F(WeightsCommand, AssumptionsAreSaidOnce) {
  const std::string header("BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\2\0\0\0\2\0\0\0\1\0\x18\0", 30);
  for (const char* name : {"a", "b"}) {
    fs::create_directories(folder / "faces" / name);
    write_unsynced(folder / "faces" / name / "1.bmp", header + std::string(24, '\0') + std::string(16, '\x40'));
  }
  write_bare("bare.safetensors", 100, {{"size", "32"}});
  const auto predict_faces = [&](std::vector<std::string> more) {
    std::vector<std::string> line{"predict", "--weights", "bare.safetensors", "--data", "folder:faces", "--part", "all",
                                  "--crop",  "none",      "--logits",         "z.npy"};
    line.insert(line.end(), more.begin(), more.end());
    return run(line);
  };
  const Outcome pictures = predict_faces({});
  EXPECT_EQ(pictures.status, 0) << pictures.errors;
  EXPECT_EQ(lines_with(pictures.errors, "torchvision's normalisation"), 1) << pictures.errors;
  EXPECT_EQ(lines_with(pictures.errors, "ReLU"), 1) << pictures.errors;
  EXPECT_EQ(lines_with(predict_faces({"--normalisation", "caffe"}).errors, "normalisation"), 0);
  const Outcome arrays = predict("bare.safetensors", "arrays:x.npy");
  EXPECT_EQ(lines_with(arrays.errors, "normalisation"), 0) << arrays.errors;
  for (const std::string ours : {"model/weights.safetensors", "model/last.safetensors"})
    EXPECT_EQ(lines_with(predict(ours, "arrays:x.npy").errors, ours), 0) << "nothing is assumed of a file of ours";
}

TEST_F(WeightsCommand, ConvolutionsAlonePredictFeatures) {
  write_bare("notop.safetensors", 26);
  const auto predict_with = [&](const std::vector<std::string>& outputs) {
    std::vector<std::string> line{"predict", "--weights", "notop.safetensors", "--data", "arrays:x.npy"};
    line.insert(line.end(), outputs.begin(), outputs.end());
    return run(line);
  };
  const Outcome features = predict_with({"--features", "f.npy"});
  EXPECT_EQ(features.status, 0) << features.errors;
  EXPECT_EQ(run({"predict", "--weights", "W.safetensors", "--data", "arrays:x.npy", "--features", "whole.npy"}).status,
            0);
  EXPECT_EQ(read_file(folder / "f.npy"), read_file(folder / "whole.npy"));
  expect_refused(predict_with({"--features", "f.npy", "--logits", "z.npy"}),
                 {"notop.safetensors", "convolutions only"});
  expect_refused(run({"evaluate", "--weights", "notop.safetensors", "--data", "arrays:x.npy,y.npy"}),
                 {"notop.safetensors", "convolutions only"});
}

// The arrays determine the side of the pictures, and so whether a head that takes one number for each channel averages.
TEST_F(WeightsCommand, APooledHeadIsAssumedOnLargerPictures) {
  write_bare("bare.safetensors");
  EXPECT_EQ(lines_with(predict("bare.safetensors", "arrays:x.npy").errors, "pooling"), 0);
  write_large();
  const Outcome outcome = predict("bare.safetensors", "arrays:large.npy");
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_EQ(lines_with(outcome.errors, "global average pooling before its head"), 1) << outcome.errors;
}

// What a run with --head gap writes is read as such by every command.
TEST_F(WeightsCommand, AHeadAfterAverages) {
  write_large();
  const std::vector<std::string> train{"train",   "--data",  "arrays:large.npy,y.npy",
                                       "--width", "0.125",   "--head",
                                       "gap",     "--batch", "4",
                                       "--out",   "gap",     "--epochs",
                                       "1"};
  const Outcome trained = run(train);
  EXPECT_EQ(trained.status, 0) << trained.errors;
  const Outcome listed = run({"weights", "gap/weights.safetensors"});
  EXPECT_THAT(listed.output, testing::HasSubstr("head           global average pooling, 2 classes\n"));
  EXPECT_THAT(listed.output, testing::HasSubstr("pictures       64 x 64\n"));
  auto longer = train;
  longer.back() = "2";
  EXPECT_THAT(run(longer).errors, testing::HasSubstr("resuming after epoch 1"));
  EXPECT_EQ(lines_with(predict("gap/last.safetensors", "arrays:large.npy").errors, "safetensors"), 0);
  const Outcome explained = run({"explain", "--weights", "gap/weights.safetensors", "--data", "arrays:large.npy",
                                 "--ledger", "l.json", "--target", "predicted", "--maps", "m.npy"});
  EXPECT_EQ(explained.status, 0) << explained.errors;
  EXPECT_THAT(read_file(folder / "l.json"), testing::HasSubstr("\"gap\""));
  const Outcome kept = run({"train", "--init", "gap/weights.safetensors", "--data", "arrays:large.npy,y.npy", "--steps",
                            "1", "--batch", "4", "--out", "kept"});
  EXPECT_EQ(kept.status, 0) << kept.errors;
  EXPECT_THAT(run({"weights", "kept/weights.safetensors"}).output, testing::HasSubstr("global average pooling"));
  const Outcome fresh = run({"train", "--init", "gap/weights.safetensors", "--head-init", "fresh", "--hidden", "6",
                             "--data", "arrays:large.npy,y.npy", "--steps", "1", "--batch", "4", "--out", "fresh"});
  EXPECT_EQ(fresh.status, 0) << fresh.errors;
  EXPECT_THAT(run({"weights", "fresh/weights.safetensors"}).output, testing::HasSubstr("head           6, then 2"));
}

}  // namespace
}  // namespace palimpsest
