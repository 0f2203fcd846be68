#pragma once
#include <span>

namespace palimpsest::analysis {

// How similar two networks represent the same images: linear centred kernel alignment (Kornblith, Norouzi, Lee and
// Hinton, "Similarity of neural network representations revisited", ICML 2019),
//
//   CKA = HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)),   K = X X', L = Y Y' for features X and Y of n images,
//
// with the unbiased estimator of HSIC of Song, Smola, Gretton, Bedo and Borgwardt (JMLR 13, 2012, eq. 5): the usual one
// approaches 1 when features outnumber images, even for independent ones. 1: the same up to rotation and scale; around
// 0, and a little below it too: unrelated.
//
// x, y: features of n images, rows of p = x_columns and q = y_columns. Sums are in double. If p or q exceeds n it costs
// n^2 (p + q) multiplications and two n x n matrices (200 MB each for 5,000 images), otherwise n (p^2 + q^2 + p q) and
// none.
// Returns NaN where a set of features is the same for all images. requires: n >= 4, finite features
double debiased_cka(std::span<const float> x, int x_columns, std::span<const float> y, int y_columns);

}  // namespace palimpsest::analysis
