#include "base/file_kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace palimpsest {

using namespace std::string_view_literals;

namespace {

constexpr std::string_view convert = "convert it to PNG or JPEG", unpack = "unpack it",
                           again = "download the file again", wrong = "check that this is the right file";

struct Signature {
  std::size_t at;
  std::string_view bytes;
  FileKind kind;
};

constexpr std::array signatures{
    Signature{0, "\xFF\xD8\xFF"sv, {"a JPEG picture", "", true}},
    Signature{0, "\x89PNG\r\n\x1A\n"sv, {"a PNG picture", "", true}},
    Signature{0, "II*\0"sv, {"a TIFF picture", "", true}},
    Signature{0, "MM\0*"sv, {"a TIFF picture", "", true}},
    Signature{0, "II+\0"sv, {"a TIFF picture", "", true}},
    Signature{0, "MM\0+"sv, {"a TIFF picture", "", true}},
    Signature{0, "GIF8"sv, {"a GIF picture", "", true}},
    Signature{8, "WEBP"sv, {"a WebP picture", "", true}},
    Signature{0, "\xFF\x0A"sv, {"a JPEG XL picture", convert, true}},
    Signature{4, "JXL \r\n\x87\n"sv, {"a JPEG XL picture", convert, true}},
    Signature{4, "jP  \r\n\x87\n"sv, {"a JPEG 2000 picture", convert, true}},
    Signature{0, "\xFF\x4F\xFF\x51"sv, {"a JPEG 2000 picture", convert, true}},
    Signature{0, "8BPS"sv, {"a Photoshop picture (PSD)", convert, true}},
    Signature{0, "gimp xcf"sv, {"a GIMP picture (XCF)", convert, true}},
    Signature{0, "II\xBC"sv, {"a JPEG XR picture", convert, true}},
    Signature{0, "BPG\xFB"sv, {"a BPG picture", convert, true}},
    Signature{0, "qoif"sv, {"a QOI picture", convert, true}},
    Signature{0, "DDS "sv, {"a DDS picture", convert, true}},
    Signature{0, "\x76\x2F\x31\x01"sv, {"an OpenEXR picture", convert, true}},
    Signature{0, "#?RADIANCE"sv, {"a Radiance picture", convert, true}},
    Signature{0, "FUJIFILMCCD-RAW"sv, {"a camera's raw picture", convert, true}},
    Signature{0, "\x0A\x05\x01\x08"sv, {"a PCX picture", convert, true}},
    Signature{0, "\x01\xDA\x01"sv, {"an SGI picture", convert, true}},
    Signature{0, "\0\0\x01\0"sv, {"an icon (ICO)", convert, true}},
    Signature{0, "icns"sv, {"an icon (ICNS)", convert, true}},
    Signature{0, "SIMPLE  ="sv, {"a FITS picture", convert, true}},
    Signature{128, "DICM"sv, {"a DICOM picture", convert, true}},
    Signature{0, "%PDF"sv, {"a PDF document", convert}},
    Signature{0, "%!PS"sv, {"a PostScript document", convert}},
    Signature{8, "AVI "sv, {"an AVI video", "save its frames as PNG or JPEG"}},
    Signature{0, "\x1A\x45\xDF\xA3"sv, {"a Matroska or WebM video", "save its frames as PNG or JPEG"}},
    Signature{0, "\0\x05\x16\x07"sv, {"a macOS AppleDouble file", "delete it"}},
    Signature{0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv, {"an Office or Thumbs.db file (OLE)", wrong}},
    Signature{0, "\x1F\x8B"sv, {"a gzip archive", unpack}},
    Signature{0, "BZh"sv, {"a bzip2 archive", unpack}},
    Signature{0, "\xFD\x37zXZ"sv, {"an xz archive", unpack}},
    Signature{0, "7z\xBC\xAF\x27\x1C"sv, {"a 7z archive", unpack}},
    Signature{0, "Rar!"sv, {"a RAR archive", unpack}},
    Signature{0, "\x28\xB5\x2F\xFD"sv, {"a zstd archive", unpack}},
    Signature{257, "ustar"sv, {"a tar archive", unpack}},
    Signature{0, "\x89HDF\r\n\x1A\n"sv, {"an HDF5 file", wrong}},
    Signature{0, "MATLAB "sv, {"a MATLAB file", wrong}},
    Signature{0, "\x93NUMPY"sv, {"a NumPy array (.npy)", wrong}},
    Signature{0, "\xFF\xFE"sv, {"UTF-16 text, Excel's 'Unicode text'", "save it as CSV in UTF-8"}},
    Signature{0, "\xFE\xFF"sv, {"UTF-16 text, Excel's 'Unicode text'", "save it as CSV in UTF-8"}},
    Signature{0, "version https://git-lfs"sv, {"a Git LFS pointer", "get the file itself with: git lfs pull"}},
    Signature{0, "/annex/objects/"sv, {"a git-annex pointer", "get the file itself with: git annex get"}},
};

// ISO media files: the brands in the first box say what the file holds.
FileKind kind_of_media(std::string_view bytes) {
  const auto brands = bytes.substr(8, 56);
  const auto has = [&](std::string_view brand) { return brands.find(brand) != std::string_view::npos; };
  if (has("avif") || has("avis")) return {"an AVIF picture", convert, true};
  if (has("heic") || has("heix") || has("heim") || has("hevc") || has("mif1") || has("msf1"))
    return {"a HEIC picture", convert, true};
  if (has("crx ")) return {"a camera's raw picture", convert, true};
  return {"an MP4 or QuickTime video", "save its frames as PNG or JPEG"};
}

FileKind kind_of_zip(std::string_view bytes) {
  const auto has = [&](std::string_view name) { return bytes.find(name) != std::string_view::npos; };
  if (has(".npy")) return {"an .npz archive", "give it the extension .npz, if arrays are needed"};
  if (has("xl/") || has("[Content_Types].xml")) return {"an Excel or Office file", "save it as CSV in UTF-8"};
  if (has("data.pkl")) return {"a PyTorch file", wrong};
  return {"a zip archive", unpack};
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  return lower;
}

bool is_space(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}

// P and one of `forms`, and then white space.
bool is_netpbm(std::string_view bytes, std::string_view forms) {
  return bytes.size() > 8 && bytes[0] == 'P' && forms.find(bytes[1]) != std::string_view::npos && is_space(bytes[2]);
}

FileKind kind_of_text(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  while (!bytes.empty() && is_space(bytes.front())) bytes.remove_prefix(1);
  if (bytes.starts_with('<')) {
    const std::string text = lower_case(bytes);
    if (text.find("<svg") != std::string::npos) return {"an SVG drawing", convert};
    if (text.starts_with("<!doctype html") || text.find("<html") != std::string::npos ||
        text.find("<head") != std::string::npos)
      return {"an HTML page", again};
    if (text.starts_with("<?xml")) return {"an XML text, such as a server's error message", again};
  }
  return {};
}

}  // namespace

std::string FileKind::text() const {
  return remedy.empty() ? std::string(name) : fmt::format("{} ({})", name, remedy);
}

bool is_text(std::string_view bytes) {
  const auto printable = [](char c) {
    const auto code = static_cast<unsigned char>(c);
    return code >= 0x20 ? code != 0x7F : c == '\n' || c == '\r' || c == '\t' || c == '\f';
  };
  const auto others =
      std::count_if(bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  return std::all_of(bytes.begin(), bytes.end(), printable) && std::size_t(others) * 4 < bytes.size();
}

FileKind file_kind(std::string_view bytes) {
  bytes = bytes.substr(0, file_kind_bytes);
  if (bytes.size() >= 12 && bytes.substr(4, 4) == "ftyp") return kind_of_media(bytes);
  if (bytes.starts_with("PK\x03\x04"sv) || bytes.starts_with("PK\x05\x06"sv)) return kind_of_zip(bytes);
  if (bytes.starts_with("BM") && bytes.size() >= 26 && bytes.substr(6, 4) == "\0\0\0\0"sv)
    return {"a BMP picture", "", true};
  for (const auto& [at, signature, kind] : signatures)
    if (bytes.size() >= at && bytes.substr(at).starts_with(signature)) return kind;
  if (is_netpbm(bytes, "123456")) return {"a PNM picture (PPM, PGM or PBM)", "", true};
  if (is_netpbm(bytes, "7Ff")) return {"a PAM or PFM picture", convert, true};
  if (bytes.size() >= 2 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5)
    return {"a Python pickle, which is never executed", "load it in Python and save it in the required format"};
  if (const FileKind kind = kind_of_text(bytes); kind.known()) return kind;
  if (bytes.size() >= 16 && std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; }))
    return {"nothing but zero bytes", "copy it again"};
  if (is_text(bytes)) return {"a text file", wrong};
  return {};
}

}  // namespace palimpsest
