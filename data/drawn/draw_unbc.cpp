// UNBC-McMaster shoulder pain archive: Images/, Frame_Labels/PSPI, Frame_Labels/FACS and AAM_landmarks, one file per
// frame in <participant>/<sequence>/.
#include <fmt/format.h>

#include "data/drawn/pain.h"
#include "data/drawn/set_files.h"
#include "data/drawn/set_writer.h"
#include "data/parallel.h"

namespace palimpsest::data::drawn {

namespace {

struct Film {
  std::string folder;  // participant/sequence
  std::string name;    // the sequence, a prefix of every frame's name
  int first_frame = 1;
  std::size_t begin = 0, end = 0;  // its frames in the plan
};

std::string frame_stem(const Film& film, std::size_t index) {
  return fmt::format("{}/{}{:03}", film.folder, film.name, film.first_frame + int(index - film.begin));
}

Film plan_film(int participant, int sequence, const DrawSetsOptions& options, std::vector<PlannedPicture>& plan) {
  const std::uint64_t number = unbc_people + std::uint64_t(participant) * 4096 + std::uint64_t(sequence);
  const std::uint64_t person = unbc_people + std::uint64_t(participant);
  Random random(options.seed, Purpose::draw_sequence, 0, number),
      nature(options.seed, Purpose::draw_sequence, 2, person);
  const std::string name = unbc_participant(participant, options.seed);
  Film film;
  film.name = fmt::format("{}t{}a{}{}ff", name.substr(name.find('-') + 1), 1 + sequence % 2,
                          char('a' + sequence / 26 % 26), char('a' + sequence % 26));
  film.folder = name + "/" + film.name;
  film.first_frame = random.chance(.8) ? 1 : 2 + int(random.below(60));  // not always from 1
  film.begin = plan.size();
  const double expressiveness = nature.uniform(2.0, 3.8);
  const PainOptions pain{options.frames_per_sequence, options.pain_share, options.stray, sequence == 0};
  const auto frames = pain_sequence(pain, expressiveness, random);
  const bool test = participant >= options.participants - 4;
  for (std::size_t f = 0; f < frames.size(); ++f) {
    PlannedPicture picture;
    picture.id = frame_stem(film, film.begin + f) + ".png";
    picture.part = test ? "test" : "train";
    picture.person = person;
    picture.expression = frames[f];
    picture.scene = random_scene(options.seed, Setting::laboratory, number, std::uint32_t(f));
    picture.width = picture.height = options.image_size;
    picture.masked = options.masks == MaskScope::all || (options.masks == MaskScope::tested && test);
    plan.push_back(std::move(picture));
  }
  film.end = plan.size();
  return film;
}

// Rows AU, intensity, onset and offset (frame numbers of the uninterrupted run in which it is coded).
std::string facs_text(const Film& film, std::size_t index, const std::vector<PlannedPicture>& plan) {
  std::string text;
  for (const auto& unit : action_unit_table()) {
    const auto code = [&](std::size_t i) { return coded_intensity(plan[i].expression.intensity(unit.number)); };
    if (code(index) == 0) continue;
    std::size_t onset = index, offset = index;
    while (onset > film.begin && code(onset - 1) > 0) --onset;
    while (offset + 1 < film.end && code(offset + 1) > 0) ++offset;
    const auto number = [&](std::size_t i) { return film.first_frame + double(i - film.begin); };
    text += scientific(unit.number) + scientific(code(index)) + scientific(number(onset)) + scientific(number(offset)) +
            "\n";
  }
  return text;
}

// The archive's 66 points are the 68 without the two inner corners of the mouth.
std::vector<Point> points66(std::vector<Point> points) {
  points.erase(points.begin() + 64);
  points.erase(points.begin() + 60);
  return points;
}

}  // namespace

std::string unbc_participant(int index, std::uint64_t seed) {
  Random random(seed, Purpose::draw_sequence, 3, std::uint64_t(index));
  const int number = 42 + 2 * index + int(random.below(2));
  const char a = char('a' + random.below(26)), b = char('a' + random.below(26));
  return fmt::format("{:03}-{}{}{:03}", number, a, b, number);
}

void draw_unbc(const fs::path& set_folder, const DrawSetsOptions& options) {
  std::vector<PlannedPicture> plan;
  std::vector<Film> films;
  for (int p = 0; p < options.participants; ++p)
    for (int s = 0; s < options.sequences_per_participant; ++s) films.push_back(plan_film(p, s, options, plan));
  const auto faces = draw_pictures(plan, set_folder / "Images", options, "frames of shoulder pain");
  parallel_for(int(films.size()), options.threads, "labels", [&](int k) {
    const Film& film = films[std::size_t(k)];
    for (std::size_t i = film.begin; i < film.end; ++i) {
      const std::string stem = frame_stem(film, i);
      write_part(set_folder / "Frame_Labels/PSPI" / (stem + "_facs.txt"), scientific(pspi(plan[i].expression)) + "\n");
      write_part(set_folder / "Frame_Labels/FACS" / (stem + "_facs.txt"), facs_text(film, i, plan));
      write_part(set_folder / "AAM_landmarks" / (stem + "_aam.txt"), points_text(points66(faces[i].landmarks)));
    }
  });
  write_truth(plan, set_folder, options);
}

}  // namespace palimpsest::data::drawn
