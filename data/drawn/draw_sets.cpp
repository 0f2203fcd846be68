#include "data/drawn/draw_sets.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/drawn/set_files.h"
#include "data/drawn/set_writer.h"

namespace palimpsest::data::drawn {

namespace {

using Json = nlohmann::ordered_json;

void require_range(const char* name, double value, double low, double high) {
  if (value < low || value > high)
    throw Error(fmt::format("{} is {}, but must be from {} to {}", name, value, low, high), "choose another value");
}

void draw_set(const fs::path& folder, const Json& options, const std::function<void(const fs::path&)>& draw) {
  draw_once(folder, options.dump(2) + "\n", "--out", [&] { draw(folder); });
}

Json common(const DrawSetsOptions& o, const char* set) {
  constexpr std::array<const char*, 3> scopes{"none", "tested", "all"};
  return {{"drawn_by", "palimpsest"}, {"version", drawing_version}, {"set", set},
          {"seed", o.seed},           {"image_size", o.image_size}, {"masks", scopes[std::size_t(o.masks)]},
          {"stray", o.stray}};
}

Json affectnet_manifest(const DrawSetsOptions& o) {
  Json json = common(o, "affectnet");
  json.update({{"train_faces", o.train_faces},
               {"test_faces_per_emotion", o.test_faces_per_emotion},
               {"imbalance", o.imbalance},
               {"keep", o.keep}});
  return json;
}

Json unbc_manifest(const DrawSetsOptions& o) {
  Json json = common(o, "unbc");
  json.update({{"participants", o.participants},
               {"sequences_per_participant", o.sequences_per_participant},
               {"frames_per_sequence", o.frames_per_sequence},
               {"pain_share", o.pain_share}});
  for (int i = o.participants - 4; i < o.participants; ++i)
    json["test_participants"].push_back(unbc_participant(i, o.seed));
  return json;
}

Json ckplus_manifest(const DrawSetsOptions& o) {
  Json json = common(o, "ckplus");
  json.update({{"sequences", o.ckplus_sequences},
               {"subjects", o.ckplus_subjects},
               {"frames", o.ckplus_frames},
               {"keep", o.keep}});
  return json;
}

std::uint64_t bytes_needed(const DrawSetsOptions& o) {
  const std::uint64_t pictures = std::uint64_t(o.train_faces) + 8 * std::uint64_t(o.test_faces_per_emotion) +
                                 std::uint64_t(o.participants) * std::uint64_t(o.sequences_per_participant) *
                                     std::uint64_t(o.frames_per_sequence) +
                                 std::uint64_t(o.ckplus_sequences) * std::uint64_t(o.ckplus_frames);
  return pictures * (std::uint64_t(o.image_size) * std::uint64_t(o.image_size) * 3 + 24000);
}

}  // namespace

void require_drawable(const DrawSetsOptions& o) {
  require_range("the picture size", o.image_size, 32, 1024);
  require_range("the number of threads", o.threads, 0, 1024);
  require_range("the number of training faces", o.train_faces, 0, 1e6);
  require_range("the number of test faces per emotion", o.test_faces_per_emotion, 0, 1e5);
  require_range("the imbalance", o.imbalance, 0, 1);
  require_range("the chance to keep an action unit", o.keep, 0, 1);
  require_range("the share of stray action units", o.stray, 0, .9);
  if (o.participants != 0) require_range("the number of participants", o.participants, 5, 400);
  require_range("the number of sequences per participant", o.sequences_per_participant, 1, 676);
  require_range("the number of frames per sequence", o.frames_per_sequence, 2, 900);
  require_range("the share of pain", o.pain_share, .01, .9);
  require_range("the number of CK+ sequences", o.ckplus_sequences, 0, 100000);
  require_range("the number of CK+ subjects", o.ckplus_subjects, 1, 900);
  require_range("the number of frames of a CK+ sequence", o.ckplus_frames, 2, 100);
}

void draw_sets(const DrawSetsOptions& options) {
  if (options.folder.empty()) throw Error("no folder was given for the drawn faces", "name one with --out");
  require_drawable(options);
  create_folder(options.folder);
  require_free_space(options.folder, bytes_needed(options), "drawn faces");
  if (options.train_faces > 0 || options.test_faces_per_emotion > 0)
    draw_set(options.folder / "affectnet", affectnet_manifest(options),
             [&](const fs::path& f) { draw_affectnet(f, options); });
  if (options.participants > 0)
    draw_set(options.folder / "unbc", unbc_manifest(options), [&](const fs::path& f) { draw_unbc(f, options); });
  if (options.ckplus_sequences > 0)
    draw_set(options.folder / "ckplus", ckplus_manifest(options), [&](const fs::path& f) { draw_ckplus(f, options); });
}

}  // namespace palimpsest::data::drawn
