// AffectNet as first released: Manually_Annotated_file_lists/{training,validation}.csv and
// Manually_Annotated_Images/<number>/<hash>.jpg. A few pictures of the classes that the study drops are among them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/drawn/emotions.h"
#include "data/drawn/set_files.h"
#include "data/drawn/set_writer.h"

namespace palimpsest::data::drawn {

namespace {

constexpr int none = 8, uncertain = 9, non_face = 10;

struct Labelled {
  int label;
  std::uint64_t person;
};

// Largest-remainder shares of `total`, proportional to AffectNet's training counts to the power `imbalance`.
std::array<int, emotion_count> class_sizes(int total, double imbalance) {
  constexpr std::array<double, emotion_count> real{74874, 134415, 25459, 14090, 6378, 3803, 24882, 3750};
  std::array<double, emotion_count> share{};
  double sum = 0;
  for (std::size_t i = 0; i < emotion_count; ++i) sum += share[i] = std::pow(real[i], imbalance);
  std::array<int, emotion_count> sizes{};
  std::array<std::size_t, emotion_count> order{};
  int given = 0;
  for (std::size_t i = 0; i < emotion_count; ++i) {
    share[i] *= total / sum;
    given += sizes[i] = int(share[i]);
    order[i] = i;
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return share[a] - std::floor(share[a]) > share[b] - std::floor(share[b]);
  });
  for (std::size_t k = 0; given < total; ++k, ++given) ++sizes[order[k % emotion_count]];
  return sizes;
}

// Every person has one picture. The list is shuffled; 1 % each of none, uncertain and non-face are added.
std::vector<Labelled> labels_of(const std::array<int, emotion_count>& sizes, std::uint64_t first_person,
                                std::uint64_t seed) {
  std::vector<int> labels;
  for (int e = 0; e < emotion_count; ++e) labels.insert(labels.end(), std::size_t(sizes[std::size_t(e)]), e);
  const std::size_t extra = (labels.size() + 99) / 100;
  for (int label : {none, uncertain, non_face}) labels.insert(labels.end(), extra, label);
  const auto order = permutation(int(labels.size()), Random(seed, Purpose::shuffle, 0, first_person));
  std::vector<Labelled> list;
  for (std::size_t i = 0; i < labels.size(); ++i) list.push_back({labels[std::size_t(order[i])], first_person + i});
  return list;
}

std::string picture_name(std::uint64_t seed, std::uint64_t person) {
  Random random(seed, Purpose::draw_sequence, 1, person);
  std::string name = fmt::format("{}/", 1 + random.below(40));
  for (int i = 0; i < 7; ++i) name += fmt::format("{:08x}", random.bits());
  return name + ".jpg";
}

Expression expression_for(int label, const DrawSetsOptions& options, Random& random) {
  if (label < emotion_count) return random_expression(Emotion(label), {options.keep, options.stray}, random);
  Expression expression = random_blend(random);
  if (label == uncertain) expression.scale(.5);
  return expression;
}

std::vector<PlannedPicture> plan_part(const std::vector<Labelled>& labels, const DrawSetsOptions& options, bool test) {
  std::vector<PlannedPicture> plan;
  for (const auto& [label, person] : labels) {
    Random random(options.seed, Purpose::draw_expression, 0, person);
    PlannedPicture picture;
    picture.id = picture_name(options.seed, person);
    picture.part = test ? "test" : "train";
    picture.emotion = label < emotion_count ? emotion_name(Emotion(label)) : "";
    picture.person = person;
    picture.face = label != non_face;
    if (picture.face) picture.expression = expression_for(label, options, random);
    picture.scene = random_scene(options.seed, Setting::in_the_wild, person);
    picture.width = picture.height = options.image_size;
    picture.jpeg_quality = 78 + int(random.below(19));
    picture.masked = picture.face && (options.masks == MaskScope::all || (options.masks == MaskScope::tested && test));
    plan.push_back(std::move(picture));
  }
  return plan;
}

// Approximate centres of the emotions in Russell's circumplex; -2 if the real list has no value.
std::array<double, 2> valence_arousal(int label, Random& random) {
  constexpr std::array<std::array<double, 2>, emotion_count> centres{
      {{0, 0}, {.7, .1}, {-.6, -.25}, {.1, .75}, {-.2, .75}, {-.65, .4}, {-.45, .55}, {-.5, .5}}};
  if (label == uncertain || label == non_face) return {-2, -2};
  const auto near = [&](double centre) { return std::clamp(centre + .12 * random.normal(), -1.0, 1.0); };
  if (label == none) return {near(0), near(.2)};
  const double valence = near(centres[std::size_t(label)][0]);
  return {valence, near(centres[std::size_t(label)][1])};
}

std::string list_text(const std::vector<Labelled>& labels, const std::vector<PlannedPicture>& plan,
                      const std::vector<FaceGeometry>& geometry, std::uint64_t seed) {
  std::string text =
      "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal\n";
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const FaceGeometry& face = geometry[i];
    std::string points;
    for (Point p : face.landmarks) points += fmt::format("{}{:.2f};{:.2f}", points.empty() ? "" : ";", p.x, p.y);
    Random random(seed, Purpose::draw_expression, 1, labels[i].person);
    const auto mood = valence_arousal(labels[i].label, random);
    text += fmt::format("{},{:.0f},{:.0f},{:.0f},{:.0f},{},{},{:.6f},{:.6f}\n", plan[i].id, face.box.left, face.box.top,
                        face.box.right - face.box.left, face.box.bottom - face.box.top, points, labels[i].label,
                        mood[0], mood[1]);
  }
  return text;
}

}  // namespace

void draw_affectnet(const fs::path& set_folder, const DrawSetsOptions& options) {
  std::array<int, emotion_count> test_sizes;
  test_sizes.fill(options.test_faces_per_emotion);
  const auto train =
      labels_of(class_sizes(options.train_faces, options.imbalance), affectnet_train_people, options.seed);
  const auto test = labels_of(test_sizes, affectnet_test_people, options.seed);
  const auto train_plan = plan_part(train, options, false), test_plan = plan_part(test, options, true);
  const fs::path pictures = set_folder / "Manually_Annotated_Images",
                 lists = set_folder / "Manually_Annotated_file_lists";
  const auto train_faces = draw_pictures(train_plan, pictures, options, "faces for training");
  const auto test_faces = draw_pictures(test_plan, pictures, options, "faces for testing");
  write_part(lists / "training.csv", list_text(train, train_plan, train_faces, options.seed));
  write_part(lists / "validation.csv", list_text(test, test_plan, test_faces, options.seed));
  auto plan = train_plan;
  plan.insert(plan.end(), test_plan.begin(), test_plan.end());
  write_truth(plan, set_folder, options);
}

}  // namespace palimpsest::data::drawn
