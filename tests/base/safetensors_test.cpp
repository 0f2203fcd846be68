#include "base/safetensors.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <thread>

#include "tests/support/expect_error.h"
#include "tests/support/goldens.h"
#include "tests/support/temp_folder.h"

namespace palimpsest {
namespace {

using Floats = std::vector<float>;
using Shape = std::vector<std::int64_t>;

fs::path golden() {
  return goldens() / "safetensors/types.safetensors";
}

std::string bytes_of(std::string_view header, std::size_t data) {
  const std::uint64_t length = header.size();
  std::string file(8, '\0');
  std::memcpy(file.data(), &length, 8);
  return file + std::string(header) + std::string(data, '\0');
}

TEST(Safetensors, ReadsWhatPythonWrote) {
  const SafetensorsFile file(golden());
  EXPECT_EQ(file.metadata().at("format"), "pt");
  EXPECT_EQ(file.metadata().at("note"), "äöü");
  EXPECT_EQ(file.names().size(), 13U);
  const Floats values{0.0F, -1.5F, 3.0F, 100.0F, 0.1F, -65504.0F};
  EXPECT_EQ(file.read_floats("f64"), values);
  EXPECT_EQ(file.read_floats("f32"), values);
  EXPECT_EQ(file.info("f32").shape, (Shape{2, 3}));
  EXPECT_EQ(file.info("bf16").dtype, "BF16");
  EXPECT_EQ(file.read_floats("f16"), (Floats{0, -1.5F, 3, 100, 0.0999755859375F, -65504}));
  EXPECT_EQ(file.read_floats("bf16"), (Floats{0, -1.5F, 3, 100, 0.10009765625F, -65536}));
  for (const char* name : {"i8", "i16", "i32", "i64"})
    EXPECT_EQ(file.read_floats(name), (Floats{-3, -2, -1, 124})) << name;
  EXPECT_EQ(file.read_floats("u8"), (Floats{100, 101, 102, 227}));
  EXPECT_EQ(file.read_floats("bool"), (Floats{1, 0, 1}));
  EXPECT_EQ(file.read_floats("scalar"), Floats{42});
  EXPECT_TRUE(file.info("scalar").shape.empty());
  EXPECT_TRUE(file.read_floats("empty").empty());
}

TEST(Safetensors, HalfPrecisionAtItsEdges) {
  const auto half = SafetensorsFile(golden()).read_floats("f16_special");
  EXPECT_EQ(half[0], std::ldexp(1.0F, -24));
  EXPECT_EQ(half[1], std::ldexp(1023.0F, -24));
  EXPECT_EQ(half[2], -std::ldexp(1.0F, -24));
  EXPECT_EQ(half[3], std::numeric_limits<float>::infinity());
  EXPECT_EQ(half[4], std::ldexp(1.0F, -14));
  EXPECT_TRUE(half[5] == 0 && std::signbit(half[5]));
}

TEST(Safetensors, TensorsComeBackAsWritten) {
  const TempFolder folder;
  const auto path = folder / "weights.safetensors";
  const Floats weight{1, -2, 3e-30F, 4, 5, 6}, bias{7, 8};
  SafetensorsWriter writer(path, {{"z.weight", {2, 3}}, {"none", {0}}, {"a.bias", {2}}, {"step", {}}},
                           {{"format", "pt"}, {"epoch", "3"}});
  writer.append(std::span(weight).first(2));
  writer.append(std::span(weight).subspan(2));
  writer.append(bias);
  writer.append(Floats{9});
  writer.commit();

  SafetensorsFile moved(path);
  const SafetensorsFile file = std::move(moved);
  EXPECT_EQ(file.names(), (std::vector<std::string>{"z.weight", "none", "a.bias", "step"}));
  EXPECT_EQ(file.read_floats("z.weight"), weight);
  EXPECT_EQ(file.read_floats("a.bias"), bias);
  EXPECT_EQ(file.read_floats("step"), Floats{9});
  EXPECT_EQ(file.metadata().at("epoch"), "3");
  EXPECT_FALSE(file.has("b"));
  std::uint64_t length = 0;
  std::memcpy(&length, read_file(path).data(), 8);
  EXPECT_EQ(length % 8, 0U) << "so that the data is aligned";
}

TEST(Safetensors, TheSameTensorsGiveTheSameBytes) {
  const TempFolder folder;
  for (const char* name : {"a", "b"}) {
    SafetensorsWriter writer(folder / name, {{"w", {3}}}, {{"x", "1"}, {"b", "2"}});
    writer.append(Floats{1, 2, 3});
    writer.commit();
  }
  EXPECT_EQ(read_file(folder / "a"), read_file(folder / "b"));
}

TEST(Safetensors, LargeTensorsAreConvertedInBlocks) {
  const TempFolder folder;
  const std::size_t n = 200'001;
  std::string file = bytes_of(R"({"h":{"dtype":"I16","shape":[200001],"data_offsets":[0,400002]}})", 2 * n);
  for (std::size_t i = 0; i < n; ++i) {
    const auto value = std::int16_t(i % 30011);
    std::memcpy(file.data() + file.size() - 2 * n + 2 * i, &value, 2);
  }
  write_file(folder / "large", file);
  const auto values = SafetensorsFile(folder / "large").read_floats("h");
  for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(values[i], float(i % 30011)) << i;
}

TEST(Safetensors, SeveralThreadsReadAtOnce) {
  const SafetensorsFile file(golden());
  const auto expected = file.read_floats("f64");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) EXPECT_EQ(file.read_floats("f64"), expected);
    });
  for (auto& thread : threads) thread.join();
}

TEST(Safetensors, WritersContract) {
  const TempFolder folder;
  const auto path = folder / "w";
  using Tensors = std::vector<SafetensorsWriter::Declaration>;
  EXPECT_THROW(SafetensorsWriter(path, Tensors{{"a", {1}}, {"a", {1}}}), ContractError);
  EXPECT_THROW(SafetensorsWriter(path, Tensors{{"__metadata__", {1}}}), ContractError);
  SafetensorsWriter writer(path, Tensors{{"a", {2}}, {"b", {2}}});
  EXPECT_THROW(writer.append(Floats{1, 2, 3}), ContractError) << "would run from a into b";
  writer.append(Floats{1, 2});
  EXPECT_THROW(writer.commit(), ContractError) << "b is missing";
  EXPECT_FALSE(fs::exists(path));
}

TEST(Safetensors, UnknownNamesAndTypesAreErrors) {
  const TempFolder folder;
  expect_error("absent.safetensors", [&] { SafetensorsFile(folder / "absent.safetensors"); });
  expect_error(folder.path().string(), [&] { const SafetensorsFile file(folder.path()); });
  expect_error("types.safetensors has no tensor 'conv9'", [] { SafetensorsFile(golden()).info("conv9"); });
  write_file(folder / "f8", bytes_of(R"({"x":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}})", 2));
  const SafetensorsFile file(folder / "f8");
  expect_error("'x' has the type F8_E4M3", [&] { file.read_floats("x"); });
}

// The format gets new types; a tensor of a new type may not be needed.
TEST(Safetensors, ATypeThatIsNotKnownIsAnErrorOnlyWhenItIsRead) {
  const TempFolder folder;
  write_file(folder / "new", bytes_of(R"({"x":{"dtype":"F4","shape":[6],"data_offsets":[0,3]},)"
                                      R"("y":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}})",
                                      5));
  const SafetensorsFile file(folder / "new");
  EXPECT_EQ(file.names(), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(file.info("x").dtype, "F4");
  EXPECT_EQ(file.read_floats("y").size(), 2u);
  expect_error("'x' has the type F4", [&] { file.read_floats("x"); });
}

TEST(Safetensors, MalformedHeadersAreRefused) {
  const TempFolder folder;
  const auto path = folder / "bad.safetensors";
  struct Case {
    const char* header;
    std::size_t data;
    const char* why;
  };
  const Case cases[] = {
      {R"([])", 0, "does not start with"},
      {R"({"a")", 0, "not valid JSON"},
      {R"({"a":1})", 0, "lacks dtype"},
      {R"({"a":{"dtype":"F32","shape":[1]}})", 4, "lacks dtype"},
      {R"({"a":{"dtype":"F99","shape":[1],"data_offsets":[4,0]}})", 4, "does not match its bytes"},
      {R"({"a":{"dtype":"F99","shape":[1],"data_offsets":[0,3]}})", 4, "fill 3 bytes, but 4"},
      {R"({"a":{"dtype":"F99","shape":[4294967296,4294967296],"data_offsets":[0,4]}})", 4, "does not match"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4, "does not match its bytes"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4, "does not match its bytes"},
      {R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4, "not a whole number"},
      {R"({"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})", 4, "not a whole number"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 8, "fill 4 bytes, but 8"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 4, "fill 8 bytes, but 4"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8, "begins at byte 4"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
       4, "begins at byte 0"},
      {R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}})", 4, "does not match"},
      {R"({"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}})", 0, "does not match"},
      {R"({"a":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4]}})", 4, "does not match"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
       4, "'a' twice"},
      {R"({"__metadata__":{"x":1}})", 0, "not text"},
      {R"({"__metadata__":[]})", 0, "not an object"},
      {R"({"a":[[[[[[]]]]]]})", 0, "too deeply"},
      {"{\"\xff\":1}", 0, "not valid JSON"},
  };
  for (const auto& c : cases) {
    write_file(path, bytes_of(c.header, c.data));
    expect_error(c.why, [&] { const SafetensorsFile file(path); });
    expect_error("bad.safetensors", [&] { const SafetensorsFile file(path); });
  }
  std::string huge(8, '\xff');
  write_file(path, huge + "{}");
  expect_error("its header claims", [&] { const SafetensorsFile file(path); });
}

TEST(Safetensors, EveryCutIsRefused) {
  const TempFolder folder;
  const std::string whole = read_file(golden());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    write_unsynced(folder / "cut", whole.substr(0, length));
    ASSERT_THROW(SafetensorsFile(folder / "cut"), Error) << length;
  }
}

TEST(Safetensors, FlippedBytesNeverCrash) {
  const TempFolder folder;
  const std::string whole = read_file(golden());
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const char value : {'\0', '\xff', '9', '{', '"'}) {
      std::string changed = whole;
      changed[at] = value;
      write_unsynced(folder / "flipped", changed);
      try {
        const SafetensorsFile file(folder / "flipped");
        for (const auto& name : file.names()) file.read_floats(name);
      } catch (const Error&) {
      }
    }
}

}  // namespace
}  // namespace palimpsest
