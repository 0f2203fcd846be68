// Malicious files, and files damaged at random: a value or an Error that names the file, never a call,
// a crash, a hang or a large allocation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <ctime>

#include "nn/pytorch_file.h"
#include "nn/weights.h"
#include "tests/nn/pickle_bytes_of.h"
#include "tests/support/damaged.h"
#include "tests/support/expect_error.h"
#include "tests/support/goldens.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::nn {
namespace {

using namespace pickled;

#if defined(PALIMPSEST_SANITIZED)
constexpr long kMostMegabytes = 1200;  // a sanitizer keeps what was freed
#else
constexpr long kMostMegabytes = 400;
#endif

class HostileFiles : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_LT(peak_megabytes() - before_, kMostMegabytes);
    EXPECT_LT(double(std::clock() - start_) / CLOCKS_PER_SEC, 60);
  }
  static long peak_megabytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
  }
  const fs::path& written(const std::string& object, std::uint64_t count = 4) {
    write_unsynced(path_, legacy_file(object, count));
    return path_;
  }
  void refused(const std::string& problem, const std::string& object, std::uint64_t count = 4) {
    expect_error_with({"w.pth", problem}, [&] { open_weights(written(object, count)); });
  }
  std::vector<float> values(const Tensor& t) { return PytorchFile(written(entry("a", tensor(t)))).read_floats("a"); }

  TempFolder folder_;
  fs::path path_ = folder_ / "w.pth";
  long before_ = peak_megabytes();
  std::clock_t start_ = std::clock();
};

TEST_F(HostileFiles, CallsAreNotMade) {
  const auto proof = folder_ / "called";
  const std::string call = global("os", "system") + text("touch " + proof.string()) + "\x85R";
  refused("an object (of the class os.system)", call);
  refused("no dict of tensors", entry("a", call));
  refused("a.weight in it is an object of the class os.system",
          "}" + text("a.weight") + call + "s" + text("b") + tensor({}) + "s");
  const PytorchFile beside(written("}" + text("x") + call + "s" + text("a") + tensor({}) + "s"));
  EXPECT_EQ(beside.read_floats("a"), (std::vector<float>{1, 2}));
  EXPECT_THAT(beside.changes(), testing::Contains(testing::HasSubstr("left out: x")));
  for (const std::string& other : {"(" + text("touch " + proof.string()) + "ios\nsystem\n",                 // INST
                                   "(" + global("os", "system") + text("touch " + proof.string()) + "o",    // OBJ
                                   global("os", "system") + text("touch " + proof.string()) + "\x85\x81",   // NEWOBJ
                                   global("os", "system") + text("touch " + proof.string()) + "\x85}\x92",  // NEWOBJ_EX
                                   text("os") + text("system") + "\x93" + text("touch " + proof.string()) + "\x85R",
                                   global("builtins", "eval") + text("1/0") + "\x85R" + call + "b"})  // BUILD
    EXPECT_EQ(PytorchFile(written("}" + text("x") + other + "s" + text("a") + tensor({}) + "s")).names().size(), 1u);
  EXPECT_FALSE(fs::exists(proof));
  // A tensor of a storage that a call would make, and a size that a call would give.
  refused("its tensor a is malformed", entry("a", global("torch._utils", "_rebuild_tensor_v2") + "(" + call +
                                                      number(0) + numbers({2}) + numbers({1}) + "\x89NtR"));
  refused("its tensor a is malformed", entry("a", global("torch._utils", "_rebuild_tensor_v2") + "(N" + number(0) +
                                                      call + numbers({1}) + "\x89NtR"));
}

TEST_F(HostileFiles, TensorsStayInsideTheirStorages) {
  EXPECT_EQ(values({}), (std::vector<float>{1, 2}));
  EXPECT_EQ(values({{2}, {2}, 1}), (std::vector<float>{2, 4}));
  EXPECT_EQ(values({{2, 3}, {0, 1}, 1}), (std::vector<float>{2, 3, 4, 2, 3, 4}));
  EXPECT_EQ(values({{1}, {std::int64_t{1} << 62}, 3}), (std::vector<float>{4}));
  EXPECT_EQ(values({{0, 5}, {7, 9}, 77}), (std::vector<float>{}));
  EXPECT_EQ(values({{}, {}, 2}), (std::vector<float>{3}));
  // A view of a storage, as in files of the first versions.
  EXPECT_EQ(values({{2}, {1}, 0, 4, "0", "FloatStorage", "(" + text("9") + number(1) + number(3) + "t"}),
            (std::vector<float>{2, 3}));

  const auto wrong = [&](const std::string& problem, const Tensor& t) { refused(problem, entry("a", tensor(t))); };
  constexpr std::int64_t huge = std::int64_t{1} << 62;
  wrong("reaches beyond its storage", {{5}, {1}});
  wrong("reaches beyond its storage", {{2}, {1}, 3});
  wrong("reaches beyond its storage", {{2}, {huge}});
  wrong("reaches beyond its storage", {{3}, {huge}});
  wrong("reaches beyond its storage", {{3, 3}, {huge, huge}});
  wrong("reaches beyond its storage", {{2}, {1}, huge});
  wrong("reaches beyond its storage", {{2}, {1}, INT64_MAX});
  wrong("reaches beyond its storage",
        {{4}, {1}, 0, 4, "0", "FloatStorage", "(" + text("9") + number(1) + number(3) + "t"});
  wrong("is not described", {{1}, {1}, 0, 4, "0", "FloatStorage", "(" + text("9") + number(2) + number(3) + "t"});
  wrong("is not described", {{1}, {1}, 0, 4, "0", "FloatStorage", "(" + text("9") + number(2) + number(huge) + "t"});
  wrong("a stride below 0", {{2}, {-1}, 2});
  wrong("an offset or a stride below 0", {{2}, {1}, -1});
  wrong("a size below 0", {{-2}, {1}});
  wrong("more values than can be counted", {{huge, huge}, {0, 0}});
  wrong("another number of strides", {{2, 2}, {1}});
  wrong("of another size than the file has", {{2}, {1}, 0, 3});
  wrong("of another size than the file has", {{2}, {1}, 0, INT64_MAX});
  wrong("is not described", {{2}, {1}, 0, -1});
  wrong("its storage '0' is not described", {{2}, {1}, 0, 4, "7"});
  wrong("more than the file", {{2}, {1}, 0, 4, "0", "DoubleStorage"});
  wrong("is not described", {{2}, {1}, 0, 4, "0", "StrangeStorage"});
  wrong("is malformed", {std::vector<std::int64_t>(65, 1), std::vector<std::int64_t>(65, 1)});
  // Repeated beyond any use: refused when it is read.
  const PytorchFile repeated(written(entry("a", tensor({{65536, 65536, 9}, {0, 0, 0}}))));
  expect_error("repeats 1 values", [&] { repeated.read_floats("a"); });
}

TEST_F(HostileFiles, StoragesBeyondTheFile) {
  for (const std::uint64_t count :
       {std::uint64_t{5}, std::uint64_t{1} << 40, std::uint64_t{1} << 62, ~std::uint64_t{0}}) {
    write_unsynced(path_, legacy_file(entry("a", tensor({})), 4));
    std::string bytes = read_file(path_);
    bytes.replace(bytes.size() - 24, 8, little_endian(count, 8));
    write_unsynced(path_, bytes);
    expect_error("more than the file", [&] { open_weights(path_); });
  }
  write_unsynced(path_, legacy_file(entry("a", tensor({}))) + "more");
  expect_error("4 bytes follow its last storage", [&] { open_weights(path_); });
}

TEST_F(HostileFiles, ReferencesThatMultiplyAreShared) {
  std::string bomb = "]q" + std::string(1, '\0');
  for (int i = 1; i < 60; ++i)
    bomb += "0](h" + std::string(1, char(i - 1)) + "h" + std::string(1, char(i - 1)) + "eq" + char(i);
  const PytorchFile file(written("}" + text("x") + bomb + "s" + text("a") + tensor({}) + "s"));
  EXPECT_EQ(file.names().size(), 1u);
  // A dict that is its own state dict, and dicts that hold each other under every key.
  refused("no dict of tensors", "}q\1" + text("state_dict") + "h\1s");
  std::string circle = "}q\1}q\2";
  for (const char* key : {"model", "net", "state_dict", "ema"}) circle += text(key) + "h\1s";
  circle += "0h\1";
  for (const char* key : {"model", "net", "state_dict", "ema"}) circle += text(key) + "h\2s";
  refused("no dict of tensors", circle);
  // A list that holds itself, as sizes.
  refused("is malformed",
          entry("a", global("torch._utils", "_rebuild_tensor_v2") + "(N" + number(0) + "]q\5h\5ah\5NNtR"));
  // A parameter of itself.
  refused("is malformed", entry("a", global("torch._utils", "_rebuild_parameter") + "(]q\6Nt" + "R" + "q\7h\6h\7a0"));
}

TEST_F(HostileFiles, DeepNestingNeedsNoDepth) {
  constexpr std::size_t deep = 300'000;
  for (const std::string& nested : {std::string(deep, ']') + std::string(deep - 1, 'a'),
                                    "N" + std::string(deep, '\x85'), std::string(deep, '(') + std::string(deep, 't')})
    EXPECT_EQ(PytorchFile(written("}" + text("x") + nested + "s" + text("a") + tensor({}) + "s")).names().size(), 1u);
}

TEST_F(HostileFiles, Limits) {
  refused("more than 2000000 values", std::string(3'000'000, 'N'));
  refused("more than 2000000 values", "Nq\1" + std::string(3'000'000, '2'));
  refused("more than 2000000 marks", std::string(3'000'000, '('));
  refused("remembers more than", "Nr\xff\xff\xff\xff"s);
  refused("refers to a value", "h\7"s);
  refused("refers to a value", "j\xff\xff\xff\xff"s);
  refused("cut short", "X\xff\xff\xff\xff"s);
  refused("cut short", "\x8d\xff\xff\xff\xff\xff\xff\xff\x7f"s);
  refused("cut short", "\x8e\xff\xff\xff\xff\xff\xff\xff\xff"s);
  refused("cut short", "\x8b\xff\xff\xff\x7f"s);
  refused("lacks a value", "R");
  refused("lacks a value", "N(s");
  refused("lacks a mark", "t");
  refused("ends inside a list", "(N");
  refused("unknown opcode 0xff", "\xff"s);
  refused("unknown protocol 9", "\x80\x09"s);
  refused("a key without a value", "}(Nu");
  refused("adds to what holds nothing", "N(Nu");
  refused("a class whose name is not text", "NN\x93");
  refused("a number that is not one", "Ix\n");
  refused("an unquoted string", "S'x\n");
  refused("are not pairs", global("collections", "OrderedDict") + "](NNe\x85R");
  // A long list of pairs, made a dict again and again.
  std::string pairs = "](";
  for (int i = 0; i < 100'000; ++i) pairs += "NN\x86";
  pairs += "eq\1";
  for (int i = 0; i < 1000; ++i) pairs += global("collections", "OrderedDict") + "h\1\x85R";
  refused("takes more than 20000000 steps", pairs);
}

// Every beginning of a file.
TEST_F(HostileFiles, CutAnywhere) {
  for (const char* name : {"tensors.pth", "tensors_legacy.pth"}) {
    const std::string whole = read_file(goldens() / "pytorch" / name);
    for (std::size_t length = 0; length < whole.size(); ++length) {
      write_unsynced(path_, whole.substr(0, length));
      expect_error("w.pth", [&] { open_weights(path_); });
    }
  }
}

void read_all(const fs::path& path) {
  const PytorchFile file(path);
  for (const auto& name : file.names()) {
    try {
      EXPECT_EQ(file.read_floats(name).size(), std::size_t(file.info(name).count()));
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("w.pth"));
    }
  }
}

TEST_F(HostileFiles, DamagedAtRandom) {
  int read = 0, refused = 0;
  for (const char* name : {"tensors.pth", "tensors_legacy.pth", "tensors_untyped.pth", "legacy.pth", "deflated.pth"}) {
    const std::string whole = read_file(goldens() / "pytorch" / name);
    for (std::uint32_t trial = 0; trial < 2000; ++trial) {
      Random random(12, Purpose::test, 0, trial);
      fs::remove(path_);
      write_unsynced(path_, damaged(whole, random));
      try {
        read_all(path_);
        ++read;
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("w.pth")) << name << " " << trial;
        EXPECT_FALSE(error.remedy().empty()) << error.what();
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 2000);
  EXPECT_GT(read, 1000);
}

// Damage within the pickle alone, where it has the most effect.
TEST_F(HostileFiles, DamagedPickles) {
  const std::string whole = read_file(goldens() / "pytorch/tensors_legacy.pth");
  const std::size_t pickles = whole.size() - 1000;  // the storages have the rest
  int read = 0, refused = 0;
  for (std::uint32_t trial = 0; trial < 10'000; ++trial) {
    Random random(13, Purpose::test, 0, trial);
    std::string bytes = whole;
    for (auto changes = random.below(3) + 1; changes > 0; --changes)
      bytes[std::size_t(random.below(std::uint32_t(pickles)))] = char(random.below(256));
    write_unsynced(path_, bytes);
    try {
      read_all(path_);
      ++read;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("w.pth")) << trial;
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
  EXPECT_GT(read, 300);
}

}  // namespace
}  // namespace palimpsest::nn
