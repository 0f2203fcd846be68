#include "fuzz/harness.h"

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>

#include "base/progress.h"

namespace palimpsest::fuzz {

namespace {

// In memory; a finding ends the process and leaves it behind, unless TMPDIR names a folder that is removed later
// (scripts/fuzz).
struct Folder {
  fs::path path;
  Folder() {
    const char* parent = std::getenv("TMPDIR");
    std::string name = (parent ? std::string(parent) : "/dev/shm") + "/palimpsest-fuzz.XXXXXX";
    if (!::mkdtemp(name.data())) throw Error("cannot make " + name, "set TMPDIR to a folder that can be written");
    path = name;
  }
  ~Folder() {
    std::error_code code;
    fs::remove_all(path, code);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
};

}  // namespace

fs::path as_file(std::string_view bytes, const fs::path& name) {
  static const Folder folder;
  const fs::path path = folder.path / name;
  create_folder(path.parent_path());
  std::ofstream(path, std::ios::binary | std::ios::trunc).write(bytes.data(), std::streamsize(bytes.size()));
  return path;
}

}  // namespace palimpsest::fuzz

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  palimpsest::Progress::silence(true);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    palimpsest::fuzz::target({reinterpret_cast<const char*>(data), size});
  } catch (const palimpsest::ContractError&) {
    throw;
  } catch (const palimpsest::Error& error) {
    PALIMPSEST_REQUIRE(*error.what() != '\0' && !error.remedy().empty(), "{}", error.what());
  }
  return 0;
}
