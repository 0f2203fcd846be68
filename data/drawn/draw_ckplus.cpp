// CK+: cohn-kanade-images, FACS, Emotion and Landmarks, in <subject>/<sequence>/. Every sequence runs from a neutral
// face to a peak; only the peak is coded.
#include <fmt/format.h>

#include <cmath>

#include "data/drawn/emotions.h"
#include "data/drawn/set_files.h"
#include "data/drawn/set_writer.h"
#include "data/parallel.h"

namespace palimpsest::data::drawn {

namespace {

struct Recording {
  std::string folder, name;  // "S005/001", "S005_001"
  Expression peak;
  int emotion = -1;  // CK+'s code 0 to 7; -1: the sequence has none
  std::uint64_t person = 0, number = 0;
};

// Of CK+'s 593 sequences 327 have an emotion, this many each (its code 1 to 7).
std::vector<int> emotion_codes(int sequences, std::uint64_t seed) {
  constexpr std::array<double, 8> real{0, 45, 18, 59, 25, 69, 28, 83};
  std::vector<int> codes;
  double wanted = 0;
  for (int code = 1; code <= 7; ++code) {
    wanted += real[std::size_t(code)] * sequences / 593;
    while (double(codes.size()) + .5 <= wanted) codes.push_back(code);
  }
  codes.resize(std::size_t(sequences), -1);
  std::vector<int> shuffled;
  for (int i : permutation(sequences, Random(seed, Purpose::shuffle, 0, ckplus_people)))
    shuffled.push_back(codes[std::size_t(i)]);
  return shuffled;
}

Emotion from_ckplus(int code) {
  constexpr std::array<Emotion, 8> order{Emotion::neutral, Emotion::anger, Emotion::contempt, Emotion::disgust,
                                         Emotion::fear,    Emotion::happy, Emotion::sad,      Emotion::surprise};
  return order[std::size_t(code)];
}

Recording plan_recording(int index, int code, const DrawSetsOptions& options) {
  const int subject = index % options.ckplus_subjects, take = index / options.ckplus_subjects + 1;
  Recording recording;
  recording.folder = fmt::format("S{:03}/{:03}", 5 + subject, take);
  recording.name = fmt::format("S{:03}_{:03}", 5 + subject, take);
  recording.emotion = code;
  recording.person = ckplus_people + std::uint64_t(subject);
  recording.number = ckplus_people + std::uint64_t(index);
  Random random(options.seed, Purpose::draw_expression, 0, recording.number);
  recording.peak =
      code > 0 ? random_expression(from_ckplus(code), {options.keep, options.stray}, random) : random_blend(random);
  return recording;
}

struct Format {
  int width, height;
  bool grey;
};

// CK+ has 640 x 490 grey for most subjects, 640 x 480 in colour and 720 x 480; here at the scale of the other sets.
Format format_of(std::uint64_t person, const DrawSetsOptions& options) {
  Random random(options.seed, Purpose::draw_scene, 2, person);
  const double scale = options.image_size / 384.0, choice = random.uniform();
  const auto pixels = [&](int length) { return int(std::lround(length * scale)); };
  if (choice < .80) return {pixels(640), pixels(490), true};
  if (choice < .90) return {pixels(640), pixels(480), false};
  return {pixels(720), pixels(480), choice < .95};
}

void plan_frames(const Recording& recording, const DrawSetsOptions& options, std::vector<PlannedPicture>& plan) {
  const int frames = options.ckplus_frames;
  for (int f = 1; f <= frames; ++f) {
    const bool peak = f == frames;
    PlannedPicture picture;
    picture.id = fmt::format("{}/{}_{:08}.png", recording.folder, recording.name, f);
    picture.part = peak ? "peak" : "frame";
    picture.person = recording.person;
    picture.expression = recording.peak;
    if (!peak) picture.expression.scale(double(f - 1) / (frames - 1));
    picture.emotion = peak && recording.emotion > 0 ? emotion_name(from_ckplus(recording.emotion)) : "";
    place_in_ckplus(picture, recording.number, f, options);
    picture.masked = options.masks == MaskScope::all || (options.masks == MaskScope::tested && peak);
    plan.push_back(std::move(picture));
  }
}

// Rows AU and intensity; about one in seven is listed as present without a score. Sides are not coded.
std::string facs_text(const Recording& recording, std::uint64_t seed) {
  Random random(seed, Purpose::draw_expression, 1, recording.number);
  std::string text;
  for (const auto& unit : action_unit_table()) {
    const bool unscored = random.chance(.15);
    const int code = coded_intensity(recording.peak.intensity(unit.number));
    if (code > 0) text += scientific(unit.number) + scientific(unscored ? 0 : code) + "\n";
  }
  return text;
}

}  // namespace

void place_in_ckplus(PlannedPicture& picture, std::uint64_t number, int frame, const DrawSetsOptions& options) {
  const Format format = format_of(picture.person, options);
  picture.scene = random_scene(options.seed, Setting::laboratory, number, std::uint32_t(frame));
  picture.scene.zoom *= double(options.image_size) / format.height;  // faces as large as in the other sets
  picture.scene.grey = format.grey;
  picture.width = format.width;
  picture.height = format.height;
}

void draw_ckplus(const fs::path& set_folder, const DrawSetsOptions& options) {
  const std::vector<int> codes = emotion_codes(options.ckplus_sequences, options.seed);
  std::vector<Recording> recordings;
  std::vector<PlannedPicture> plan;
  for (int i = 0; i < options.ckplus_sequences; ++i) {
    recordings.push_back(plan_recording(i, codes[std::size_t(i)], options));
    plan_frames(recordings.back(), options, plan);
  }
  const auto faces = draw_pictures(plan, set_folder / "cohn-kanade-images", options, "sequences from neutral to peak");
  parallel_for(int(recordings.size()), options.threads, "labels", [&](int k) {
    const Recording& recording = recordings[std::size_t(k)];
    const int frames = options.ckplus_frames;
    const auto file = [&](const char* top, int frame, const char* ending) {
      return set_folder / top / recording.folder / fmt::format("{}_{:08}_{}.txt", recording.name, frame, ending);
    };
    for (int f = 1; f <= frames; ++f)
      write_part(file("Landmarks", f, "landmarks"), points_text(faces[std::size_t(k * frames + f - 1)].landmarks));
    write_part(file("FACS", frames, "facs"), facs_text(recording, options.seed));
    if (recording.emotion > 0)
      write_part(file("Emotion", frames, "emotion"), scientific(recording.emotion) + "\n");
    else
      create_folder(set_folder / "Emotion" / recording.folder);
  });
  write_truth(plan, set_folder, options);
}

}  // namespace palimpsest::data::drawn
