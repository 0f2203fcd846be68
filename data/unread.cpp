#include "data/unread.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>

#include "base/file_kind.h"
#include "data/set_files.h"

namespace palimpsest::data {

namespace {

struct Form {
  std::string_view extension, name;
};

constexpr std::array forms{
    Form{".pam", "PAM"},        Form{".pfm", "PFM"},        Form{".avif", "AVIF"},      Form{".heic", "HEIC"},
    Form{".heif", "HEIF"},      Form{".jxl", "JPEG XL"},    Form{".jp2", "JPEG 2000"},  Form{".j2k", "JPEG 2000"},
    Form{".jpf", "JPEG 2000"},  Form{".jpx", "JPEG 2000"},  Form{".jxr", "JPEG XR"},    Form{".svg", "SVG"},
    Form{".psd", "Photoshop"},  Form{".ico", "ICO"},        Form{".tga", "TGA"},        Form{".exr", "OpenEXR"},
    Form{".hdr", "Radiance"},   Form{".dds", "DDS"},        Form{".eps", "EPS"},        Form{".xcf", "GIMP"},
    Form{".pcx", "PCX"},        Form{".cr2", "raw camera"}, Form{".cr3", "raw camera"}, Form{".nef", "raw camera"},
    Form{".arw", "raw camera"}, Form{".dng", "raw camera"}, Form{".raf", "raw camera"}, Form{".raw", "raw camera"},
};

const Form* form_of(const fs::path& name) {
  const std::string extension = lower_case_extension(name);
  const auto* const found =
      std::find_if(forms.begin(), forms.end(), [&](const Form& form) { return form.extension == extension; });
  return found == forms.end() ? nullptr : found;
}

FileKind kind_of(const fs::path& path) {
  if (!is_file(path)) return {};  // a pipe would wait for a writer
  std::string start(file_kind_bytes, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(start.data(), std::streamsize(start.size()));
  start.resize(std::size_t(std::max<std::streamsize>(0, file.gcount())));
  return file_kind(start);
}

}  // namespace

bool is_unread_picture_name(const fs::path& name) {
  return form_of(name) != nullptr;
}

std::string why_unread(const fs::path& path) {
  const FileKind kind = kind_of(path);
  const Form* const form = form_of(path);
  if (form && form->name == "raw camera") return "raw camera pictures are not read: convert it to PNG or JPEG";
  if (kind.picture && kind.remedy.empty())
    return fmt::format("it is {}, but has another extension: rename it", kind.name);
  if (form && !kind.known()) return fmt::format("{} pictures are not read: convert it to PNG or JPEG", form->name);
  if (kind.picture || form) return fmt::format("it is {}, which is not read: {}", kind.name, kind.remedy);
  return kind.known() && kind.name != "a text file" ? fmt::format("it is {}", kind.name) : "it is not a picture";
}

}  // namespace palimpsest::data
